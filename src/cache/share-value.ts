import { types } from 'node:util';

/**
 * Makes a decoded value fit to be given to more than one caller. Plain objects and arrays are frozen, all the way down, so that a program
 * that changes what it was given fails where it does so; in production (`NODE_ENV`) they are not, because it takes longer than
 * to decode them. Everything else (Map, Date, instances of classes) is shared as it is.
 */
export function shareable<T>(value: T): T {
  if (process.env['NODE_ENV'] !== 'production') freezeDeeply(value);
  return value;
}

/** What each caller gets a copy of: bytes can be changed, and cannot be frozen. */
export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value);
}

export function copyOf(value: Uint8Array): Uint8Array {
  return Buffer.isBuffer(value) ? Buffer.from(value) : value.slice();
}

/** With a list instead of recursion: JSON may be nested deeper than the stack is. */
function freezeDeeply(root: unknown): void {
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (!isPlain(value) || Object.isFrozen(value)) continue;
    Object.freeze(value);
    for (const key of Reflect.ownKeys(value)) {
      // Not value[key]: it might be a getter, which is user code.
      pending.push(Reflect.getOwnPropertyDescriptor(value, key)?.value);
    }
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
