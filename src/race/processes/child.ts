import { nextTurn } from '../../os/timers.js';
import {
  breakLocks,
  type Contender,
  type Course,
  naiveContender,
  type RaceLock,
  safeContender,
} from '../contenders/index.js';
import { Counters, seededRandom, type Tally } from '../data/index.js';
import type { RaceStrategy } from '../report/index.js';

/** What the supervisor tells a process of the race: JSON, as its first argument. */
export interface Assignment extends Course {
  readonly role: 'reader' | 'writer';
  /** From 1, for readers and for writers separately. */
  readonly number: number;
  readonly strategy: RaceStrategy;
  readonly bytes: number;
  readonly seed: number;
  readonly countersPath: string;
  readonly slots: number;
  /** The slot that this process counts in. */
  readonly slot: number;
  readonly lock: RaceLock;
}

/** What a process tells its supervisor. */
export type ChildMessage = { type: 'ready' } | { type: 'error'; message: string };
/** What the supervisor tells a process. */
export type SupervisorMessage = 'go' | 'stop';

/** What a reader or a writer repeats. */
export type Turn = (contender: Contender, tally: Tally, assignment: Assignment) => Promise<void>;

/**
 * Between two operations the event loop turns up to this many times, by the seed, so that processes do not run in step.
 */
const LONGEST_PAUSE_TURNS = 3;
/** Every error is counted; this many are sent with their text. */
const TOLD_ERRORS = 3;

/**
 * The life of a process of the race: prepare, say `ready`, wait for `go`, repeat its operation until `stop`. It never
 * outlives its supervisor: the IPC channel breaks when the supervisor has ended, however it ended, and since the event
 * loop turns between any two operations, the process hears that at once and exits. It leaves the race's folder, which
 * other processes may still use.
 */
export async function takePart(prepare: (assignment: Assignment) => Turn): Promise<void> {
  leaveWithSupervisor();
  // Ctrl-C reaches all processes of a terminal. The supervisor hears it too, and says `stop`.
  process.on('SIGINT', () => {});
  const assignment: Assignment = JSON.parse(process.argv[2] ?? '{}');
  const tally = Counters.open(assignment.countersPath, assignment.slots).tally(assignment.slot);
  const stopping = new AbortController();
  const contender = await contenderOf(assignment, stopping.signal);
  const turn = prepare(assignment);
  const going = new Promise<void>((resolve) => {
    process.on('message', (message: SupervisorMessage) => {
      if (message === 'stop') stopping.abort();
      resolve();
    });
  });
  tell({ type: 'ready' });
  await going;
  await takeTurns(() => turn(contender, tally, assignment), assignment, tally, stopping.signal);
  process.disconnect();
}

async function takeTurns(turn: () => Promise<void>, own: Assignment, tally: Tally, stop: AbortSignal): Promise<void> {
  const random = seededRandom(own.seed, own.slot, 2);
  const told = new Set<string>();
  while (!stop.aborted) {
    try {
      await turn();
    } catch (error) {
      if (stop.aborted && error === stop.reason) return;
      tally.add('errors');
      tellOnce(error, told);
    }
    tally.save();
    for (let turns = 1 + (random() % LONGEST_PAUSE_TURNS); turns > 0; turns -= 1) await nextTurn();
  }
}

async function contenderOf(assignment: Assignment, signal: AbortSignal): Promise<Contender> {
  if (assignment.lock === 'always granted') await breakLocks();
  const { strategy } = assignment;
  return strategy === 'naive' ? naiveContender(assignment) : safeContender(strategy, assignment, signal);
}

function leaveWithSupervisor(): void {
  process.once('disconnect', () => process.exit());
  // The supervisor may have ended before this listener was added.
  if (!process.connected) process.exit();
}

function tellOnce(error: unknown, told: Set<string>): void {
  const message = error instanceof Error ? error.message : String(error);
  if (told.size >= TOLD_ERRORS || told.has(message)) return;
  told.add(message);
  tell({ type: 'error', message });
}

function tell(message: ChildMessage): void {
  // A broken channel is told by 'disconnect'.
  process.send?.(message, undefined, undefined, () => {});
}
