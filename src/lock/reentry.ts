import { AsyncLocalStorage } from 'node:async_hooks';
import { HoldfastError } from '../errors.js';

/** A lock that is held while somebody else's code runs, and the one outside it. */
interface Held {
  /** What stands for the lock: the same object or string at every request for it. */
  readonly key: unknown;
  readonly outer: Held | undefined;
  /** False once the lock is given up: what was started inside and outlives it may lock again. */
  active: boolean;
}

const current = new AsyncLocalStorage<Held>();

/**
 * Runs `work` as code that holds the lock of `key`, so that a try to take the same lock inside it is told from a wait. What comes back
 * is a promise where `work` gave one.
 */
export function runHolding<T>(key: unknown, work: () => T | Promise<T>): T | Promise<T> {
  const held: Held = { key, outer: current.getStore(), active: true };
  let result: T | Promise<T>;
  try {
    result = current.run(held, work);
  } catch (error) {
    held.active = false;
    throw error;
  }
  if (isThenable(result)) return endingWith(held, result);
  held.active = false;
  return result;
}

async function endingWith<T>(held: Held, result: T | Promise<T>): Promise<T> {
  try {
    return await result;
  } finally {
    held.active = false;
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** Whether the calling code runs inside {@link runHolding} of this key. */
export function isHolding(key: unknown): boolean {
  for (let held = current.getStore(); held !== undefined; held = held.outer) {
    if (held.active && held.key === key) return true;
  }
  return false;
}

/** Throws `ERR_LOCK_CONFLICT` where the calling code runs inside a lock that it asks for again: it would wait for itself. */
export function assertNotHolding(key: unknown, path: string): void {
  if (!isHolding(key)) return;
  const message = `${path} is locked by the update that this code runs in: to lock it again would be to wait for itself.`;
  throw new HoldfastError('ERR_LOCK_CONFLICT', message, { path });
}
