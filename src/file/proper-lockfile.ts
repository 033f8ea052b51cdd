import { errorCode, HoldfastError } from '../errors.js';
import {
  assertNotHolding,
  type HeldLock,
  type LockMode,
  locateSidecar,
  type Patience,
  patience,
  type Sidecar,
  type WaitOptions,
  whileWaiting,
} from '../lock/index.js';
import { throwIfAborted } from '../os/realms.js';
import { syscalls } from '../os/syscalls.js';
import { delay, monotonicNow } from '../os/timers.js';
import { editInPlace, rewriteInPlace } from './rewrite-in-place.js';
import type { Strategy } from './strategy.js';

/**
 * A lock whose heartbeat is older than this is taken for that of a dead process, and removed (the package's default).
 */
const STALE_MS = 10_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/** Locks that another process declared stale and took, though their holder lives. */
const compromised = new WeakMap<HeldLock, unknown>();

/**
 * The package proper-lockfile: a *directory* `<path>.lock`, kept alive by a heartbeat. It is here because people use
 * it, and to be compared.
 *
 * For: no native code; excludes other programs that use the package. Against: no shared mode, so readers exclude each
 * other; a killed holder blocks all others for ten seconds; a holder that stalls for longer than that is taken for
 * dead, two processes hold the lock, and **an update can be lost**. Where a lock is found to be lost, the operation
 * rejects with `ERR_LOCK_CONFLICT`. Not fair. The package is loaded when first used, since it registers an exit
 * handler.
 */
export const properLockfile: Strategy = {
  name: 'proper-lockfile',
  readersLock: true,
  lock: lockDirectory,
  put: (lock, data, options) => rewriteInPlace(lock.path, data, options),
  edit: (lock) => editInPlace(lock.path),
  assertHeld(lock) {
    if (!compromised.has(lock)) return;
    throw lost(lock.path, compromised.get(lock));
  },
};

async function lockDirectory(path: string | URL, mode: LockMode, wait: WaitOptions): Promise<HeldLock> {
  const limits = patience(wait);
  const sidecar = locateSidecar(path);
  const key = `proper-lockfile:${sidecar.path}`;
  assertNotHolding(key, sidecar.dataPath);
  const onCompromised = (error: Error) => compromised.set(lock, error);
  const release = await whileWaiting(key, sidecar.dataPath, () => acquire(sidecar, mode, limits, onCompromised));
  const lock: HeldLock = {
    path: sidecar.dataPath,
    mode,
    key,
    async release() {
      if (compromised.has(lock)) throw lost(sidecar.dataPath, compromised.get(lock));
      await release();
    },
  };
  return lock;
}

type Release = () => Promise<void>;

async function acquire(
  sidecar: Sidecar,
  mode: LockMode,
  { timeoutMs, signal }: Patience,
  onCompromised: (error: Error) => void,
): Promise<Release> {
  const { default: package_ } = await import('proper-lockfile');
  const deadline = monotonicNow() + timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    assertNoFileSidecar(sidecar);
    try {
      return await package_.lock(sidecar.dataPath, {
        lockfilePath: sidecar.path,
        realpath: false,
        retries: 0,
        stale: STALE_MS,
        onCompromised,
      });
    } catch (error) {
      if (errorCode(error) !== 'ELOCKED') {
        assertNoFileSidecar(sidecar);
        throw error;
      }
    }
    const left = deadline - monotonicNow();
    if (left <= 0) throw timeoutError(sidecar, mode, timeoutMs);
    throwIfAborted(signal);
    await pauseFor(Math.min(left, pause * (0.5 + Math.random() / 2)), signal);
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

function assertNoFileSidecar(sidecar: Sidecar): void {
  const stats = syscalls.lstat(sidecar.path);
  if (stats === undefined || stats.isDirectory()) return;
  const message = `${sidecar.path} is a file, where proper-lockfile needs a directory: somebody locks ${sidecar.dataPath} with flock(2). The two kinds of lock do not see each other; use one of them.`;
  throw new HoldfastError('ERR_LOCK_CONFLICT', message, { path: sidecar.path });
}

function timeoutError(sidecar: Sidecar, mode: LockMode, timeoutMs: number): HoldfastError {
  const message = `No ${mode} lock on ${sidecar.dataPath} within ${timeoutMs} ms: somebody holds the directory ${sidecar.path}.`;
  return new HoldfastError('ERR_LOCK_TIMEOUT', message, { path: sidecar.dataPath });
}

function lost(path: string, cause: unknown): HoldfastError {
  const message = `The lock on ${path} was taken away while it was held: this process stalled for too long and was thought dead. What was written meanwhile may be lost.`;
  return new HoldfastError('ERR_LOCK_CONFLICT', message, { path, cause });
}
