import { AsyncLocalStorage } from 'node:async_hooks';
import { HoldfastError } from '../errors.js';
import { Scope, waitsFor } from './scope.js';

const current = new AsyncLocalStorage<Scope | undefined>();

/** The innermost scope that the calling code runs in and that is not over. */
export function currentScope(): Scope | undefined {
  let scope = current.getStore();
  while (scope !== undefined && !scope.active) scope = scope.outer;
  return scope;
}

/** Runs `work` as the code of a scope; what it starts runs there too, until the scope is over. */
export function runIn<T>(scope: Scope | undefined, work: () => T): T {
  return current.run(scope, work);
}

/**
 * Runs `work` as code that holds the lock of `key`, so that a try to take the same lock inside it is told from a wait. What comes back
 * is a promise where `work` gave one.
 */
export function runHolding<T>(key: unknown, work: () => T | Promise<T>): T | Promise<T> {
  const outer = currentScope();
  const scope = new Scope(key, outer);
  scope.hold(key);
  const arrived = outer?.waitFor(scope);
  const end = () => {
    scope.end();
    arrived?.();
  };
  let result: T | Promise<T>;
  try {
    result = runIn(scope, work);
  } catch (error) {
    end();
    throw error;
  }
  if (isThenable(result)) return endingWith(result, end);
  end();
  return result;
}

async function endingWith<T>(result: T | Promise<T>, end: () => void): Promise<T> {
  try {
    return await result;
  } finally {
    end();
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** Whether the calling code runs inside {@link runHolding} of this key. */
export function isHolding(key: unknown): boolean {
  for (let scope = currentScope(); scope !== undefined; scope = scope.outer) {
    if (scope.active && scope.key === key) return true;
  }
  return false;
}

/** Throws `ERR_LOCK_CONFLICT` where the calling code runs inside a lock that it asks for again: it would wait for itself. */
export function assertNotHolding(key: unknown, path: string): void {
  if (!isHolding(key)) return;
  const message = `${path} is locked by the update that this code runs in: to lock it again would be to wait for itself.`;
  throw new HoldfastError('ERR_LOCK_CONFLICT', message, { path });
}

/**
 * Runs `wait`, in which the calling code waits for what holds `target` (a key, or a scope). Rejects as {@link assertMayWait} throws. `scope`:
 * the one that waits, where that is not the calling code's.
 */
export async function whileWaiting<T>(
  target: unknown,
  what: string,
  wait: () => T | Promise<T>,
  scope = currentScope(),
): Promise<T> {
  if (scope === undefined) return wait();
  assertMayWait(target, what, scope);
  const arrived = scope.waitFor(target);
  try {
    return await wait();
  } finally {
    arrived();
  }
}

/**
 * Throws `ERR_LOCK_CONFLICT` where what holds `target` waits for the scope, itself or through others of this thread: neither would ever
 * go on. `what` names the target. *Not* seen: waits of other threads and processes, and those for promises that are nobody's lock.
 */
export function assertMayWait(target: unknown, what: string, scope = currentScope()): void {
  if (scope === undefined || !waitsFor(target, scope)) return;
  const message = `The code that waits for ${what} is waited for by it: neither would ever go on.`;
  throw new HoldfastError('ERR_LOCK_CONFLICT', message);
}
