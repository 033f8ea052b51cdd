import type { LockMode } from '../os/flock.js';

/** A lock that is held. It ends with `release()`, with `await using`, or with the process. */
export interface FileLock extends AsyncDisposable {
  /** The data file that the lock is for, symbolic links followed. */
  readonly path: string;
  readonly mode: LockMode;
  /** Gives the lock up. Idempotent. A lock on a sidecar is given up before this returns; there is nothing to wait for. */
  release(): Promise<void>;
}

/** The same, with what the layer above needs: the name under which {@link runHolding} knows the lock. */
export interface KeyedLock extends FileLock {
  readonly key: string;
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
 * Wraps the release of a lock. A lock that is garbage-collected while held is told of in a process warning, and is *not* released: code
 * that still runs under it may not know that it lost its handle.
 */
export function createFileLock(
  path: string,
  key: string,
  mode: LockMode,
  release: () => void | Promise<void>,
): KeyedLock {
  const hold: Hold = { path, mode, released: false };
  let ending: Promise<void> | undefined;
  const lock: KeyedLock = {
    path,
    key,
    mode,
    release() {
      hold.released = true;
      ending ??= end(release);
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
async function end(release: () => void | Promise<void>): Promise<void> {
  await release();
}
