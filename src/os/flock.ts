import { isMainThread } from 'node:worker_threads';
import { ownRequire } from '#own-require';
import { errorCode, HoldfastError } from '../errors.js';
import { libc, libcFailure } from './libc.js';
import { hintOf } from './permissions.js';
import { firstLineOf, isError } from './realms.js';

/** `shared`: any number of holders. `exclusive`: one holder, and no shared one beside it. */
export type LockMode = 'shared' | 'exclusive';

/** The package that calls flock(2) in this thread. */
export type FlockMechanism = 'fs-ext' | 'koffi';

/** flock(2) operations; the numbers are the same on every kernel that has the call. */
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

interface Flock {
  readonly mechanism: FlockMechanism;
  /** False where another open file holds the lock (EWOULDBLOCK). */
  lockNow(fd: number, operation: number): boolean;
  unlock(fd: number): void;
}

let selected: Flock | undefined;

/**
 * Tries flock(2) on an open descriptor, without ever blocking. `true`: the descriptor has the lock. `false`: another
 * open file description has it in a mode that excludes this one. The kernel releases the lock when the last copy of the
 * descriptor is closed, so also when the process dies.
 *
 * Throws `ERR_LOCK_UNSUPPORTED` where neither fs-ext nor koffi can be loaded. There is no weaker lock to fall back to.
 */
export function tryFlock(fd: number, mode: LockMode): boolean {
  return flock().lockNow(fd, (mode === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB);
}

/** Gives up the lock of this descriptor. Does nothing where it has none. */
export function unflock(fd: number): void {
  flock().unlock(fd);
}

/** The package that calls flock(2) in this thread. Throws as {@link tryFlock} does. */
export function flockMechanism(): FlockMechanism {
  return flock().mechanism;
}

function flock(): Flock {
  selected ??= select();
  return selected;
}

/**
 * fs-ext on the main thread, or koffi where that does not load; koffi in workers. The addon of fs-ext has one state per
 * process, and Node crashes with a segmentation fault within some sixty short-lived workers that load it too. koffi in
 * workers is safe beside fs-ext on the main thread. `HOLDFAST_FLOCK` chooses for the main thread.
 */
function select(): Flock {
  const forced = process.env['HOLDFAST_FLOCK'];
  if (forced !== undefined && forced !== '' && forced !== 'fs-ext' && forced !== 'koffi') {
    throw new HoldfastError('ERR_INVALID_ARGUMENT', `HOLDFAST_FLOCK must be "fs-ext" or "koffi", not "${forced}".`);
  }
  if (process.platform === 'win32') {
    throw new HoldfastError(
      'ERR_LOCK_UNSUPPORTED',
      'Windows has no flock(2), and holdfast takes no weaker lock in its place. Run the service under WSL2.',
      { syscall: 'flock' },
    );
  }
  const failures: unknown[] = [];
  const order: FlockMechanism[] = isMainThread ? ['fs-ext', 'koffi'] : ['koffi'];
  for (const mechanism of order) {
    if (isMainThread && forced && forced !== mechanism) continue;
    try {
      return mechanism === 'fs-ext' ? loadFsExt() : loadKoffi();
    } catch (error) {
      failures.push(error);
    }
  }
  const where = isMainThread ? (forced ? `HOLDFAST_FLOCK=${forced}` : 'fs-ext or koffi') : 'koffi, in a worker thread';
  throw new HoldfastError(
    'ERR_LOCK_UNSUPPORTED',
    `flock(2) cannot be reached through ${where}: ${failures.map(firstLineOf).join('; ')}.${hintOf(failures[0])}`,
    { syscall: 'flock', cause: failures[0] },
  );
}

function loadFsExt(): Flock {
  const { flockSync }: typeof import('fs-ext') = ownRequire('fs-ext');
  return {
    mechanism: 'fs-ext',
    lockNow(fd, operation) {
      // A busy lock is told by an error, whose stack costs time to collect. Under --frozen-intrinsics the limit cannot
      // be set.
      const { stackTraceLimit } = Error;
      Reflect.set(Error, 'stackTraceLimit', 0);
      try {
        flockSync(fd, operation);
        return true;
      } catch (error) {
        const code = errorCode(error);
        if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return false;
        Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
        if (isError(error)) Error.captureStackTrace(error);
        throw error;
      } finally {
        Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
      }
    },
    unlock: (fd) => flockSync(fd, LOCK_UN),
  };
}

function loadKoffi(): Flock {
  const failure = libcFailure();
  if (failure !== undefined) throw failure;
  const c = libc();
  return {
    mechanism: 'koffi',
    lockNow(fd, operation) {
      if (c.flock(fd, operation) === 0) return true;
      const error = c.lastError('flock');
      if (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK') return false;
      throw error;
    },
    unlock(fd) {
      if (c.flock(fd, LOCK_UN) !== 0) throw c.lastError('flock');
    },
  };
}
