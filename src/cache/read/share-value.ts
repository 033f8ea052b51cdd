import { types } from 'node:util';
import { Turns } from '../../os/turns.js';

/** `freeze` except in production (`NODE_ENV`), because freezing takes longer than decoding. */
export function sharing(): 'freeze' | 'as it is' {
  return process.env['NODE_ENV'] === 'production' ? 'as it is' : 'freeze';
}

/** Whether each caller gets a copy: bytes can be changed, and cannot be frozen. */
export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value);
}

export function copyOf(value: Uint8Array): Uint8Array {
  return Buffer.isBuffer(value) ? Buffer.from(value) : value.slice();
}

/** Bytes that are copied between two turns of the event loop. */
const SLICE = 1024 * 1024;

/** Whether a copy takes so long that it is worth a promise. */
export function isLongBuffer(value: unknown): value is Buffer {
  return Buffer.isBuffer(value) && value.length > 4 * SLICE;
}

/** A copy that is made in slices of the event loop. The bytes must not change until it is complete. */
export async function copyInTurns(value: Buffer): Promise<Buffer> {
  const copy = Buffer.allocUnsafeSlow(value.length);
  const turns = new Turns();
  for (let from = 0; from < value.length; from += SLICE) {
    copy.set(value.subarray(from, from + SLICE), from);
    const pause = turns.pause();
    if (pause !== undefined) await pause;
  }
  return copy;
}

/**
 * Freezes plain objects and arrays at all depths. So a program that changes a shared value fails at that line. Other
 * objects (Map, Date, instances of classes) are not frozen. A list takes the place of recursion, since JSON may be
 * nested deeper than the stack allows.
 */
export function freezeDeeply(root: unknown): void {
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

/** Also of another realm, with an Object.prototype of its own: a prototype that has none itself. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
