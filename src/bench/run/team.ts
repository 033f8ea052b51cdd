import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { delay } from '../../os/timers.js';
import type { Assignment, ChildMessage, Outcomes, TaskName } from '../work/index.js';

/** A forked Node is ready after some 50 ms, on a busy machine later. */
const READY_WITHIN_MS = 60_000;
/** How much longer than its time a process may take: to finish its operation, and to write what it has put off. */
const DONE_WITHIN_MS = 30_000;

/** The compiled entry of a process, found from the compiled code and from the source, which tests run. */
const WORKER = new URL('../../../dist/bench/work/worker.js', import.meta.url);

/**
 * Starts one process for each assignment, lets them begin together, and gives their outcomes in the order of the
 * assignments.
 *
 * Rejects where a process cannot be started, fails, ends early, or does not end in time; and with the signal's reason
 * where it is aborted. When it settles, every process has been killed and reaped. Where the calling process is killed,
 * they end by themselves.
 */
export async function runTeam<Name extends TaskName>(
  assignments: readonly (Assignment & { readonly task: Name })[],
  signal: AbortSignal,
): Promise<Outcomes[Name][]> {
  signal.throwIfAborted();
  const members = assignments.map((assignment) => new Member(assignment));
  const killAll = () => {
    for (const member of members) member.kill();
  };
  // Before the listener that removes the folder: by then no process may make files in it.
  process.prependListener('exit', killAll);
  const settled = new AbortController();
  const ended = AbortSignal.any([signal, settled.signal]);
  try {
    const longestMs = Math.max(...assignments.map((one) => one.warmUpMs + one.measureMs + one.coldKeys * one.loadMs));
    await Promise.race([allHaveSent(members, 'ready'), limit(READY_WITHIN_MS, 'ready', ended)]);
    for (const member of members) member.go();
    await Promise.race([allHaveSent(members, 'done'), limit(longestMs + DONE_WITHIN_MS, 'done', ended)]);
    return members.map((member) => member.outcome as Outcomes[Name]);
  } catch (error) {
    if (error instanceof EndedFromOutside) await waitFor(signal);
    signal.throwIfAborted();
    throw error;
  } finally {
    settled.abort();
    killAll();
    await Promise.all(members.map((member) => member.gone));
    process.removeListener('exit', killAll);
  }
}

/**
 * A signal that a person sends ended a process: a Ctrl-C reaches all processes of a terminal, maybe before one of them
 * listens.
 */
class EndedFromOutside extends Error {}

const FROM_OUTSIDE: readonly (NodeJS.Signals | null)[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** How long the driver may take to get a signal that one of its processes has got. */
const HEARD_WITHIN_MS = 500;

/** Waits for the signal, for a limited time. */
async function waitFor(signal: AbortSignal): Promise<void> {
  await delay(HEARD_WITHIN_MS, undefined, { signal }).catch(() => {});
}

async function allHaveSent(members: readonly Member[], stage: 'ready' | 'done'): Promise<void> {
  await Promise.all(members.map((member) => member[stage]));
}

/** One process. */
class Member {
  readonly ready: Promise<void>;
  readonly done: Promise<void>;
  readonly gone: Promise<unknown>;
  outcome: Outcomes[TaskName] | undefined;
  readonly #child: ChildProcess;

  constructor(assignment: Assignment) {
    const child = fork(fileURLToPath(WORKER), [JSON.stringify(assignment)], {
      execArgv: [],
      // As in services: libraries check less then, and so do the caches of this package.
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.gone = new Promise((resolve) => {
      child.once('exit', resolve);
      // A process that could not be started has no exit event.
      child.once('error', () => child.pid === undefined && resolve(undefined));
    });
    const name = `Process ${assignment.number} of ${assignment.contender}`;
    const failed = new Promise<never>((_resolve, reject) => {
      child.on('message', (message: ChildMessage) => {
        if (message.type === 'failed') reject(new Error(`${name} failed: ${message.message}`));
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const message = `${name} ended early, with ${signal ?? `status ${code}`}.`;
        reject(FROM_OUTSIDE.includes(signal) ? new EndedFromOutside(message) : new Error(message));
      });
    });
    const told = (type: 'ready' | 'done') =>
      new Promise<void>((resolve) => {
        child.on('message', (message: ChildMessage) => {
          if (message.type === 'done') this.outcome = message.outcome;
          if (message.type === type) resolve();
        });
      });
    this.ready = Promise.race([told('ready'), failed]);
    this.done = Promise.race([told('done'), failed]);
    // Only the first failure is reported; the others may follow from it.
    this.ready.catch(() => {});
    this.done.catch(() => {});
  }

  go(): void {
    if (this.#child.connected) this.#child.send('go', () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

async function limit(milliseconds: number, stage: string, signal: AbortSignal): Promise<never> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
  throw new Error(`The processes of the bench were not ${stage} within ${milliseconds / 1_000} s.`);
}
