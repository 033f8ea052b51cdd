import type { Load } from '../../src/bench/run/measure-cell.js';
import { scaled } from './scale.js';

/** Contenders that are broken on purpose. */
export const BROKEN = new URL('../processes/broken-contender.mjs', import.meta.url).href;

/** In `npm test` half as many as a race has: what is measured here is the measuring. */
export const PROCESSES = scaled(4, 8);

/** Several processes on one key for a moment. */
export function loadOf(contender: string, module: string, change: Partial<Load> = {}): Load {
  return {
    contender,
    module,
    processes: PROCESSES,
    reads: 50,
    keys: 1,
    seconds: 0.2,
    bytes: 1_024,
    seed: 1,
    ...change,
  };
}
