import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { clearInterval, delay, setInterval } from '../../os/timers.js';
import type { RaceLock } from '../contenders/index.js';
import { Counters, formatCount, PayloadSource, parseCount, percentiles } from '../data/index.js';
import { type Assignment, Supervisor } from '../processes/index.js';
import type { RaceProgress, RaceResult, RaceSample, RaceStrategy, ResolvedRaceOptions } from '../report/index.js';
import { Recorder } from './recorder.js';

const SAMPLE_EVERY_MS = 100;
const LOOK_EVERY_MS = 5;

/** The settings of a race that are no options. */
export interface RaceSetup {
  /** The folder with the compiled entries of the processes. */
  readonly childFolder: URL;
  readonly lock: RaceLock;
}

/** The settings of one strategy's run. */
export interface StrategyRun extends RaceSetup {
  readonly strategy: RaceStrategy;
  readonly options: ResolvedRaceOptions;
  /** The private folder of the race. */
  readonly workspacePath: string;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: RaceProgress) => void) | undefined;
}

/**
 * Runs one strategy: all processes start, and after the handshake begin at once. `undefined` where the signal came
 * before that. Rejects where processes cannot be started. No process is left in any case.
 */
export async function runStrategy(run: StrategyRun): Promise<RaceResult | undefined> {
  const { strategy, options, onProgress } = run;
  const totalMs = options.seconds * 1_000;
  const assignments = assign(run);
  const counters = layOut(run, assignments.length);
  const recorder = new Recorder(counters, pathsOf(run).cachePath);
  const supervisor = new Supervisor(assignments, run.childFolder, folderOf(run), {
    began: (pid, process) => recorder.began(pid, process),
    left: (pid, end) => recorder.left(pid, end),
    died: (pid, process) => recorder.died(pid, process),
    reported: (message) => recorder.reported(message),
    ended: (message) => recorder.ended(message),
  });
  const sample = () => {
    const taken = recorder.sample();
    onProgress?.({ strategy, totalMs, ...taken });
    return taken;
  };
  const over = AbortSignal.any([run.signal, supervisor.failure]);
  let sampling: NodeJS.Timeout | undefined;
  let looking: NodeJS.Timeout | undefined;
  try {
    await supervisor.start(over);
    recorder.begin();
    supervisor.go();
    sampling = setInterval(sample, SAMPLE_EVERY_MS);
    looking = setInterval(() => recorder.measureLength(), LOOK_EVERY_MS);
    await elapse(totalMs, over);
    const { elapsedMs } = recorder;
    await supervisor.stop();
    clearInterval(sampling);
    clearInterval(looking);
    supervisor.failure.throwIfAborted();
    return resultOf(run, sample(), elapsedMs, assignments, counters, recorder);
  } catch (error) {
    if (run.signal.aborted && error === run.signal.reason) return undefined;
    throw error;
  } finally {
    clearInterval(sampling);
    clearInterval(looking);
    await supervisor.stop();
    counters.close();
  }
}

/** Waits, and ends early where the signal is aborted. */
async function elapse(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function folderOf({ workspacePath, strategy }: StrategyRun): string {
  return `${workspacePath}/${strategy}`;
}

function pathsOf(run: StrategyRun): { cachePath: string; counterPath: string; countersPath: string } {
  const folder = folderOf(run);
  return { cachePath: `${folder}/cache`, counterPath: `${folder}/counter`, countersPath: `${folder}/shared` };
}

/** Readers first, then writers, each with a slot of its own. */
function assign(run: StrategyRun): Assignment[] {
  const { readers, writers, bytes, access, seed } = run.options;
  const roles = [...Array<'reader'>(readers).fill('reader'), ...Array<'writer'>(writers).fill('writer')];
  return roles.map((role, slot) => ({
    role,
    number: role === 'reader' ? slot + 1 : slot - readers + 1,
    strategy: run.strategy,
    access,
    bytes,
    seed,
    ...pathsOf(run),
    slots: roles.length,
    slot,
    lock: run.lock,
  }));
}

/** Makes the files of the race. The cache file is whole before the first reader starts. */
function layOut(run: StrategyRun, slots: number): Counters {
  const { cachePath, counterPath, countersPath } = pathsOf(run);
  mkdirSync(folderOf(run));
  writeFileSync(cachePath, new PayloadSource(run.options.bytes, run.options.seed, slots).next());
  writeFileSync(counterPath, formatCount(0));
  return Counters.create(countersPath, slots);
}

function resultOf(
  run: StrategyRun,
  { reads, writes, sigbus, empty, torn, errors }: RaceSample,
  elapsedMs: number,
  assignments: readonly Assignment[],
  counters: Counters,
  { timeline, lives, errorMessages, firstDeathMs }: Recorder,
): RaceResult {
  const { updates } = counters.totals();
  const counted = parseCount(readFileSync(pathsOf(run).counterPath));
  const slotsOf = (role: Assignment['role']) => assignments.filter((one) => one.role === role).map((one) => one.slot);
  return {
    strategy: run.strategy,
    reads,
    writes,
    sigbus,
    empty,
    torn,
    updates,
    lost: Math.max(0, updates - counted),
    errors,
    errorMessages,
    firstDeathMs,
    elapsedMs,
    readsPerSecond: perSecond(reads, elapsedMs),
    writesPerSecond: perSecond(writes, elapsedMs),
    readLatency: percentiles(counters.latencies(slotsOf('reader'))),
    writeLatency: percentiles(counters.latencies(slotsOf('writer'))),
    timeline,
    lives,
  };
}

function perSecond(count: number, elapsedMs: number): number {
  return Math.round((count / elapsedMs) * 10_000) / 10;
}
