import type { LockMode } from '../os/flock.js';

/** A lock that is held. It ends with `release()`, with `await using`, or with the process. */
export interface FileLock extends AsyncDisposable {
  /** The data file that the lock protects, symbolic links followed. */
  readonly path: string;
  readonly mode: LockMode;
  /**
   * Gives the lock up. Idempotent. A lock on a sidecar has been given up when this returns; its promise need not be
   * awaited.
   */
  release(): Promise<void>;
}

/** A lock that is held, inside this package. The code that has one must release it. */
export interface HeldLock {
  readonly path: string;
  readonly mode: LockMode;
  /** Identifies the lock, for `runHolding`. */
  readonly key: unknown;
  /** To be called once. */
  release(): void | Promise<void>;
}

interface Hold {
  readonly path: string;
  readonly mode: LockMode;
  released: boolean;
}

const leaks = new FinalizationRegistry<Hold>((hold) => {
  if (hold.released) return;
  process.emitWarning(
    `The ${hold.mode} lock on ${hold.path} was never released, and nothing refers to it any more. It stays held until this process ends.`,
    { type: 'HoldfastWarning', code: 'HOLDFAST_LOCK_LEAK' },
  );
});

/**
 * Wraps a held lock for users. Where the wrapper is garbage-collected before its release, a process warning says so;
 * the lock is *not* released then, since code that relies on it may still run.
 */
export function toFileLock(held: HeldLock): FileLock {
  const { path, mode } = held;
  const hold: Hold = { path, mode, released: false };
  let ending: Promise<void> | undefined;
  const lock: FileLock = {
    path,
    mode,
    release() {
      hold.released = true;
      ending ??= end(held);
      return ending;
    },
    [Symbol.asyncDispose]() {
      return lock.release();
    },
  };
  leaks.register(lock, hold);
  return lock;
}

/** Releases within this call, and turns what that throws into a rejection. */
async function end(held: HeldLock): Promise<void> {
  await held.release();
}
