import { AsyncLocalStorage } from 'node:async_hooks';
import { HoldfastError } from '../errors.js';
import { Scope, waitsFor } from './scope.js';

const current = new AsyncLocalStorage<Scope | undefined>();

/** The innermost scope around the calling code that is not over. */
export function currentScope(): Scope | undefined {
  let scope = current.getStore();
  while (scope !== undefined && !scope.active) scope = scope.outer;
  return scope;
}

/** Runs `work` inside a scope. What it starts is inside too, until the scope is over. */
export function runIn<T>(scope: Scope | undefined, work: () => T): T {
  return current.run(scope, work);
}

/**
 * Runs `work` in a scope that holds the lock of `key`, so that code which asks for that lock inside `work` gets an
 * error instead of waiting for itself. Returns a promise where `work` does.
 */
export function runHolding<T>(key: unknown, work: () => T | Promise<T>): T | Promise<T> {
  const outer = currentScope();
  const scope = new Scope(key, outer);
  scope.hold(key);
  const stopWaiting = outer?.waitFor(scope);
  const end = () => {
    scope.end();
    stopWaiting?.();
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

/** Throws `ERR_LOCK_CONFLICT` where the calling code runs under the lock that it asks for: it would wait for itself. */
export function assertNotHolding(key: unknown, path: string): void {
  if (!isHolding(key)) return;
  const message = `${path} is locked by the update that this code runs in: to lock it again would be to wait for itself.`;
  throw new HoldfastError('ERR_LOCK_CONFLICT', message, { path });
}

/**
 * Runs `wait`, and notes meanwhile that a scope waits for `target`: a key, or another scope. Rejects with what
 * {@link assertMayWait} throws.
 *
 * @param scope the scope that waits; that of the calling code by default
 */
export async function whileWaiting<T>(
  target: unknown,
  what: string,
  wait: () => T | Promise<T>,
  scope = currentScope(),
): Promise<T> {
  if (scope === undefined) return wait();
  assertMayWait(target, what, scope);
  const stopWaiting = scope.waitFor(target);
  try {
    return await wait();
  } finally {
    stopWaiting();
  }
}

/**
 * Throws `ERR_LOCK_CONFLICT` where the wait would be a deadlock: the holder of `target` waits for the scope, directly
 * or through other scopes of this thread. *Not* seen are waits of other threads and processes, and waits for a promise
 * that belongs to no scope.
 *
 * @param what names the target in the message
 */
export function assertMayWait(target: unknown, what: string, scope = currentScope()): void {
  if (scope === undefined || !waitsFor(target, scope)) return;
  const message = `The code that waits for ${what} is waited for by it: neither would ever go on.`;
  throw new HoldfastError('ERR_LOCK_CONFLICT', message);
}
