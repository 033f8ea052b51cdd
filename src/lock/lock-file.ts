import { HoldfastError } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { sidecarPath } from '../os/lock-names.js';
import { absolutePath } from '../os/paths.js';
import { assertMayLock } from '../os/permissions.js';
import { abortReason } from '../os/realms.js';
import { clearTimeout, LONGEST_TIMER_MS, setTimeout } from '../os/timers.js';
import type { HeldLock } from './file-lock.js';
import { describeHolders } from './holders.js';
import { LockQueue, type Waiter } from './lock-queue.js';
import { onAbort } from './on-abort.js';
import { assertMode, type Patience, patience, type WaitOptions } from './options.js';
import { assertMayWait, assertNotHolding, whileWaiting } from './reentry.js';
import { locateSidecar, type Sidecar } from './sidecar.js';
import { tellingOfWait } from './wait-report.js';

/** Idle queues are kept for a while, since they know whose turn it is; beyond this many they are forgotten. */
const IDLE_QUEUES = 256;

/** By the path of the sidecar. A second name for the same sidecar has a queue of its own, see {@link queueFor}. */
const queues = new Map<string, LockQueue>();

/**
 * Waits for the lock of a file: flock(2) on the sidecar `<path>.lock`, which is made where it is missing and never
 * removed. The data file need not exist.
 *
 * Rejects, and leaves neither a descriptor nor a place in the queue:
 * - `ERR_LOCK_TIMEOUT` after `timeout`; the message names the holder where the kernel tells;
 * - the signal's reason, where it is aborted;
 * - `ERR_LOCK_CONFLICT` where the wait could never end: the calling code runs inside an update of this file, or the
 *   holder waits for the calling code; and where something else stands in the place of the sidecar;
 * - `ERR_LOCK_UNSUPPORTED` where there is no flock(2).
 *
 * Requests of one thread are served first come, first served. Over processes the order is fair, not exact. *Not*
 * guaranteed: that a program which does not ask for the lock stays away from the data file; the lock is advisory.
 */
export async function lockSidecar(path: string | URL, mode: LockMode, options: WaitOptions = {}): Promise<HeldLock> {
  assertMode(mode);
  const limits = patience(options);
  const sidecar = batchSidecar(path, mode) ?? permittedSidecar(path);
  const { queue, granted } = queueFor(sidecar, mode);
  if (!granted) {
    try {
      assertMayWait(queue, sidecar.dataPath);
    } catch (error) {
      queue.turnAway();
      throw error;
    }
    const wait = () => tellingOfWait(sidecar.dataPath, waitFor(queue, sidecar, mode, limits));
    await whileWaiting(queue, sidecar.dataPath, wait);
  }
  return heldLock(queue, sidecar, mode);
}

/**
 * Takes the lock of a file if that needs no wait. `undefined` where it is held, or where another process is next in
 * line. A loop around this is not fair; {@link lockSidecar} is. Throws what that one rejects with.
 */
export function tryLockSidecar(path: string | URL, mode: LockMode): HeldLock | undefined {
  assertMode(mode);
  const sidecar = permittedSidecar(path);
  const { queue, granted } = queueFor(sidecar, mode);
  if (granted) return heldLock(queue, sidecar, mode);
  queue.turnAway();
  return undefined;
}

function heldLock(queue: LockQueue, sidecar: Sidecar, mode: LockMode): HeldLock {
  return { path: sidecar.dataPath, mode, key: queue, release: () => queue.release() };
}

/**
 * Finds the sidecar. Throws first where Node's permission model does not allow what the lock needs, and names all of
 * it.
 */
function permittedSidecar(path: string | URL): Sidecar {
  assertMayLock(absolutePath(path));
  return locateSidecar(path);
}

/** The sidecar of a path that this thread locked a moment ago, in the middle of a batch: it was looked up then. */
function batchSidecar(path: string | URL, mode: LockMode): Sidecar | undefined {
  if (mode !== 'exclusive' || typeof path !== 'string') return undefined;
  const queue = queues.get(sidecarPath(path));
  return queue?.inBatch ? queue.sidecar : undefined;
}

/**
 * The queue to wait in, after a first try. It is that of the sidecar's path, unless this thread holds the lock under
 * another name of the sidecar (a folder that is a symbolic link, a bind mount): then it is the queue of that name. So
 * both names are one queue, and an update inside an update is found out.
 */
function queueFor(sidecar: Sidecar, mode: LockMode): { queue: LockQueue; granted: boolean } {
  const queue = queueAt(sidecar);
  assertNotHolding(queue, sidecar.dataPath);
  if (queue.tryNow(mode)) return { queue, granted: true };
  const holder = queue.idle ? queue.holderElsewhere : undefined;
  if (holder === undefined) return { queue, granted: false };
  queue.turnAway();
  assertNotHolding(holder, sidecar.dataPath);
  return { queue: holder, granted: holder.tryNow(mode) };
}

function waitFor(queue: LockQueue, sidecar: Sidecar, mode: LockMode, { timeoutMs, signal }: Patience): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let stopListening: (() => void) | undefined;
    const giveUp = (error: unknown) => {
      disarm();
      queue.withdraw(waiter);
      reject(error);
    };
    const disarm = () => {
      clearTimeout(timer);
      stopListening?.();
    };
    const waiter: Waiter = {
      mode,
      granted() {
        disarm();
        resolve();
      },
      failed(error) {
        disarm();
        reject(error);
      },
    };
    if (timeoutMs === 0) {
      queue.turnAway();
      reject(timeoutError(queue, sidecar, mode, timeoutMs));
      return;
    }
    // A longer wait has no limit.
    if (timeoutMs <= LONGEST_TIMER_MS) {
      timer = setTimeout(() => giveUp(timeoutError(queue, sidecar, mode, timeoutMs)), timeoutMs);
    }
    stopListening = signal && onAbort(signal, () => giveUp(abortReason(signal)));
    queue.enqueue(waiter);
  });
}

function timeoutError(queue: LockQueue, sidecar: Sidecar, mode: LockMode, timeoutMs: number): HoldfastError {
  const holder = queue.holders > 0 ? 'this process holds it' : describeHolders(sidecar.path);
  const message = `No ${mode} lock on ${sidecar.dataPath} within ${timeoutMs} ms: ${holder} (sidecar ${sidecar.path}).`;
  return new HoldfastError('ERR_LOCK_TIMEOUT', message, { path: sidecar.dataPath, syscall: 'flock' });
}

function queueAt(sidecar: Sidecar): LockQueue {
  let queue = queues.get(sidecar.path);
  if (queue === undefined) {
    if (queues.size >= IDLE_QUEUES) forgetIdle();
    queue = new LockQueue(sidecar);
    queues.set(sidecar.path, queue);
  }
  return queue;
}

function forgetIdle(): void {
  for (const [path, queue] of queues) {
    if (queue.idle) queues.delete(path);
  }
}
