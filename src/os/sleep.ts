const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Blocks this thread and its event loop for so many milliseconds (fractions count). For synchronous functions that
 * wait.
 */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(cell, 0, 0, milliseconds);
}
