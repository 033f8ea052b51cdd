import { invalidArgument } from '../errors.js';
import { shown } from './shown.js';
import { monotonicNow, nextTurn } from './timers.js';

/** How long one slice of a long job may keep the event loop. */
export const SLICE_MS = 4;

/**
 * Cuts a long job into slices. To await a value that is there already does not let the event loop go on, so a job that
 * awaits only such values must call `pause`.
 */
export class Turns {
  #sliceEnd = monotonicNow() + SLICE_MS;

  /**
   * To be called between steps. Where the slice is over, it returns a promise, which must be awaited: meanwhile other
   * code runs.
   */
  pause(): Promise<void> | undefined {
    return monotonicNow() < this.#sliceEnd ? undefined : this.#turn();
  }

  async #turn(): Promise<void> {
    await nextTurn();
    this.#sliceEnd = monotonicNow() + SLICE_MS;
  }
}

/**
 * Runs `work` for each item in turn, and lets the event loop go on meanwhile. Throws `ERR_INVALID_ARGUMENT` for a text,
 * which is no list of characters, and for anything that cannot be iterated.
 */
export async function forEachInTurns<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  assertItems(items);
  const turns = new Turns();
  for (const item of items) {
    await work(item);
    const pause = turns.pause();
    if (pause !== undefined) await pause;
  }
}

function assertItems(items: unknown): void {
  if (typeof items === 'object' && items !== null && Symbol.iterator in items) return;
  const message = `Many are given as an array or another iterable object, not as ${shown(items)}.`;
  throw invalidArgument(message);
}
