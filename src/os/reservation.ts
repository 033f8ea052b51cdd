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
 * Reserves address space that is V8's own: the backing of a shared WebAssembly memory. It touches no page before it is used. Two
 * things set it apart from a view of memory that we mapped:
 *
 * - It ends with the thread that made it, unless it was handed to another one. What we map ourselves stays, for nothing of ours
 *   runs when a worker is terminated, and finalizers are not run at the end of a thread.
 * - V8 does not hold its size against the program. Other memory outside its heap counts as pressure on it: a view of a gigabyte has all
 *   garbage collected at once, which takes milliseconds in a small program and much longer in a large one.
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
    // Too large, too many, not allowed (ulimit -v), or no WebAssembly (--jitless): an ordinary view does it, too.
    return undefined;
  }
}
