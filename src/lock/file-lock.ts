import type { LockMode } from '../os/flock.js';

/** A lock that is held. It ends with `release()`, with `await using`, or with the process. */
export interface FileLock extends AsyncDisposable {
  /** The data file that the lock is for, symbolic links followed. */
  readonly path: string;
  readonly mode: LockMode;
  /** Gives the lock up. Idempotent. A lock on a sidecar is given up before this returns; there is nothing to wait for. */
  release(): Promise<void>;
}

/** A lock as the layers inside hand it on. Whoever has one sees to its release. */
export interface HeldLock {
  readonly path: string;
  readonly mode: LockMode;
  /** Stands for the lock in `runHolding`. */
  readonly key: unknown;
  /** Called once. */
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
 * Makes of a held lock one to give to users. A lock that is garbage-collected while held is told of in a process warning, and is *not*
 * released: code that still runs under it may not know that it lost its handle.
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

/** Runs the release in this very turn of the event loop, and makes a promise of what it throws. */
async function end(held: HeldLock): Promise<void> {
  await held.release();
}
