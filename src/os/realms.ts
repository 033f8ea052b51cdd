import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

/*
 * Values of another realm: a vm context, the sandbox of a test runner, a simulated browser. They are what they are by their insides and not
 * by `instanceof`, which compares with the classes of this realm.
 */

export const { isPromise, isUint8Array } = types;

/** A URL, also one of jsdom or of a polyfill; told as node:fs tells it. */
export function isUrl(value: unknown): value is URL {
  return hasStrings(value, ['href', 'protocol', 'pathname']);
}

/** The path of a `file:` URL. Throws for others. */
export function pathOfUrl(url: URL): string {
  return fileURLToPath(url.href);
}

/** An AbortSignal, by what is used of it. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null || !('aborted' in value)) return false;
  return hasFunction(value, 'addEventListener') && hasFunction(value, 'removeEventListener');
}

/** Why it was aborted. Older simulations of browsers give no reason. */
export function abortReason(signal: AbortSignal): unknown {
  return 'reason' in signal ? signal.reason : new DOMException('This operation was aborted', 'AbortError');
}

/** As the method of that name, which not every signal has. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}

/** What an error says, whatever was thrown. Errors of node:fs belong to the main realm. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}

export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function hasStrings(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'string')
  );
}

function hasFunction(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === 'function';
}
