import { HoldfastError, quietly } from '../../errors.js';
import { type OpenLockFile, openLockFile, tryLockFileAt } from '../../lock/index.js';
import { syscalls } from '../../os/syscalls.js';
import { monotonicNow } from '../../os/timers.js';
import type { Waiting } from './waiting.js';

const FIRST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 5;

/** How to wait for the lock of a file of the cache. */
export interface LockWait<T> {
  readonly timeoutMs: number;
  /** Called between two tries. If it gives a result, that is used, and the lock is not needed any more. */
  readonly meanwhile?: () => T | undefined;
}

/**
 * Runs `work` under the exclusive lock of a lock file of the cache. `work` is one synchronous function, so the lock is
 * never held from one turn of the event loop to the next. The lock counts only if the file is still at its path, since
 * a holder may remove it. `ERR_LOCK_TIMEOUT`.
 */
export function* whileLocked<T>(
  path: string,
  work: () => T,
  { timeoutMs, meanwhile }: LockWait<NoInfer<T>>,
): Waiting<T> {
  const deadline = monotonicNow() + timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    const tried = tryWhileLocked(path, work);
    if (tried !== undefined) return tried.result;
    const found = meanwhile?.();
    if (found !== undefined) return found;
    if (monotonicNow() >= deadline) {
      const message = `No exclusive lock on ${path} within ${timeoutMs} ms: another process is stopped while it holds it, or very slow.`;
      throw new HoldfastError('ERR_LOCK_TIMEOUT', message, { path, syscall: 'flock' });
    }
    yield { kind: 'pause', ms: pause };
  }
}

/** The same if the lock is free; otherwise `undefined`, at once. */
export function tryWhileLocked<T>(path: string, work: () => T): { readonly result: T } | undefined {
  const lock = tryExclusiveLock(path);
  if (lock === undefined) return undefined;
  try {
    return { result: work() };
  } finally {
    lock.release();
  }
}

/** Tries the lock of a lock file of the cache once. */
export function tryExclusiveLock(path: string): { release(): void } | undefined {
  const file = openLockFile(path, undefined);
  let held = false;
  try {
    held = tryLockFileAt(file, path, 'exclusive') === 'held';
    return held ? { release: () => release(file) } : undefined;
  } finally {
    if (!held) release(file);
  }
}

function release(file: OpenLockFile): void {
  quietly(() => syscalls.unflock(file.fd));
  quietly(() => syscalls.close(file.fd));
}
