import { AsyncLocalStorage } from 'node:async_hooks';
import { HoldfastError } from '../errors.js';

/** A lock that is held while somebody else's code runs, and the one outside it. */
interface Held {
  readonly key: string;
  readonly outer: Held | undefined;
  /** False once the lock is given up: what was started inside and outlives it may lock again. */
  active: boolean;
}

const current = new AsyncLocalStorage<Held>();

/** Runs `work` as code that holds the lock of `key`, so that a try to take the same lock inside it is told from a wait. */
export async function runHolding<T>(key: string, work: () => T | Promise<T>): Promise<T> {
  const held: Held = { key, outer: current.getStore(), active: true };
  try {
    return await current.run(held, work);
  } finally {
    held.active = false;
  }
}

/** Throws `ERR_LOCK_CONFLICT` where the calling code runs inside a lock that it asks for again: it would wait for itself. */
export function assertNotHolding(key: string, path: string): void {
  for (let held = current.getStore(); held !== undefined; held = held.outer) {
    if (!held.active || held.key !== key) continue;
    throw new HoldfastError(
      'ERR_LOCK_CONFLICT',
      `${path} is locked by the update that this code runs in: to lock it again would be to wait for itself.`,
      { path },
    );
  }
}
