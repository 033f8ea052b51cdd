import { sleepSync } from '../../os/sleep.js';
import { syscalls } from '../../os/syscalls.js';
import { delay, nextTurn } from '../../os/timers.js';
import { Turns } from '../../os/turns.js';
import { removeBehind, removeTree } from './remove-tree.js';

/**
 * What a job waits for. `turn`: lets other work of the event loop run. `pause`: so many milliseconds. `flush`: until
 * the bytes of an open file are on the disk. `removal`: until a folder is deleted.
 */
export type Wait =
  | { readonly kind: 'turn' }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'flush'; readonly fd: number }
  | { readonly kind: 'removal'; readonly folder: string };

/**
 * A job that waits now and then. It is a generator, so that the same steps can be run synchronously, with a thread that
 * sleeps, or asynchronously. An error of a wait is thrown into the job, and so is the reason of an abort. The job may
 * then go on to clean up.
 */
export type Waiting<T> = Generator<Wait, T, void>;

/** Runs a job to its end on this thread, which sleeps when the job waits. */
export function runWaitingSync<T>(job: Waiting<T>): T {
  let step = job.next();
  while (step.done !== true) {
    const failure = failureOf(step.value);
    step = failure === undefined ? job.next() : job.throw(failure.error);
  }
  return step.value;
}

/** Runs a job asynchronously. It blocks the event loop for no longer than a slice and a step. */
export async function runWaiting<T>(job: Waiting<T>, signal: AbortSignal): Promise<T> {
  const turns = new Turns();
  let told = false;
  let step = job.next();
  while (step.done !== true) {
    let failure: { readonly error: unknown } | undefined;
    try {
      await untilOver(step.value, turns, told ? undefined : signal);
    } catch (error) {
      failure = { error };
    }
    if (!told && signal.aborted) {
      told = true;
      failure = { error: signal.reason };
    }
    step = failure === undefined ? job.next() : job.throw(failure.error);
  }
  return step.value;
}

function failureOf(wait: Wait): { readonly error: unknown } | undefined {
  try {
    if (wait.kind === 'pause') sleepSync(wait.ms);
    if (wait.kind === 'flush') syscalls.fsync(wait.fd);
    if (wait.kind === 'removal') removeTree(wait.folder);
  } catch (error) {
    return { error };
  }
  return undefined;
}

async function untilOver(wait: Wait, turns: Turns, signal: AbortSignal | undefined): Promise<void> {
  switch (wait.kind) {
    case 'turn':
      return turns.pause();
    case 'pause':
      // A timer of less than a millisecond takes a whole one.
      if (wait.ms < 1) return nextTurn();
      return delay(wait.ms, undefined, signal === undefined ? {} : { signal });
    case 'flush':
      return syscalls.fsyncAsync(wait.fd);
    case 'removal': {
      const removal = removeBehind(wait.folder);
      removal.keepAlive();
      return removal.done;
    }
  }
}
