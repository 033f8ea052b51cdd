import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

/*
 * Values of another realm: a vm context, the sandbox of a test runner, a simulated browser. They are recognised by what
 * they contain, since `instanceof` compares with the classes of this realm.
 */

export const { isPromise, isUint8Array } = types;

/** Whether this is a URL, be it one of jsdom or of a polyfill. node:fs decides in the same way. */
export function isUrl(value: unknown): value is URL {
  return hasStrings(value, ['href', 'protocol', 'pathname']);
}

/** The path of a `file:` URL. Throws for others. */
export function pathOfUrl(url: URL): string {
  return fileURLToPath(url.href);
}

/** Whether this is an AbortSignal: it has the members that this package uses. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null || !('aborted' in value)) return false;
  return hasFunction(value, 'addEventListener') && hasFunction(value, 'removeEventListener');
}

/** Why a signal was aborted. Signals of older simulated browsers have no reason. */
export function abortReason(signal: AbortSignal): unknown {
  return 'reason' in signal ? signal.reason : new DOMException('This operation was aborted', 'AbortError');
}

/** Does what the method of that name does, which not every signal has. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}

/** The message of anything thrown. Errors of node:fs belong to the main realm. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}

/** The message of anything thrown, up to its first line break. */
export function firstLineOf(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? '';
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
