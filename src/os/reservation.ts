import { libc } from './libc.js';

const WASM_PAGE = 64 * 1024;

/** A range of address space, page-aligned, to be mapped over. It is given back when nobody refers to `bytes` any more. */
export interface Reservation {
  readonly address: number;
  readonly bytes: Buffer;
}

/** What TypeScript's own library has only together with that of browsers. */
declare const WebAssembly: {
  readonly Memory: new (
    limits: Readonly<{ initial: number; maximum: number; shared: true }>,
  ) => { readonly buffer: SharedArrayBuffer };
};

/**
 * Reserves address space whose size V8 does not hold against the program. A view of memory outside its heap counts as pressure on it:
 * one of a gigabyte has all garbage collected at once, which takes milliseconds in a small program and much longer in a large one. A
 * shared WebAssembly memory is address space that V8 itself has reserved, touches no page before it is used, and does not count.
 *
 * The price: `bytes` is a view of a SharedArrayBuffer. `undefined` where there is no such range.
 */
export function reserve(length: number): Reservation | undefined {
  const pages = Math.ceil(length / WASM_PAGE);
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const bytes = Buffer.from(buffer, 0, length);
    return { address: libc().addressOf(bytes), bytes };
  } catch {
    // Too large, too many, or not allowed (ulimit -v): an ordinary view does it, too.
    return undefined;
  }
}
