import { libc } from './libc.js';

const WASM_PAGE = 64 * 1024;

/** A page-aligned range of address space, to be mapped over. V8 frees it when nothing refers to `bytes` any more. */
export interface Reservation {
  readonly address: number;
  readonly bytes: Buffer;
}

/** TypeScript declares this only together with everything else of browsers. */
declare const WebAssembly: {
  readonly Memory: new (
    limits: Readonly<{ initial: number; maximum: number; shared: true }>,
  ) => { readonly buffer: SharedArrayBuffer };
};

/**
 * Reserves address space that V8 owns: the backing of a shared WebAssembly memory. No page of it exists before it is
 * touched. It differs in two ways from a view of memory that this package mapped:
 *
 * - It ends with the thread that made it, unless it was handed to another one. A mapping of our own would stay: no code
 *   of ours runs when a worker is terminated, and finalizers are not run at the end of a thread.
 * - V8 does not count its size as memory pressure. For a view of a gigabyte outside its heap it would collect all
 *   garbage at once, which takes milliseconds in a small program and much longer in a large one.
 *
 * The price: `bytes` is a view of a SharedArrayBuffer. Returns `undefined` where such a range cannot be had.
 */
export function reserve(length: number): Reservation | undefined {
  const pages = Math.ceil(length / WASM_PAGE);
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const bytes = Buffer.from(buffer, 0, length);
    return { address: libc().addressOf(bytes), bytes };
  } catch {
    // Too large, too many, not allowed (ulimit -v), or no WebAssembly (--jitless): an ordinary view will do.
    return undefined;
  }
}
