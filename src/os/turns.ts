import { HoldfastError } from '../errors.js';
import { shown } from './shown.js';
import { monotonicNow, nextTurn } from './timers.js';

/** How long one slice of a long job may keep the event loop. */
export const SLICE_MS = 4;

/**
 * Cuts a long job into slices. An `await` of what is there already does not let the event loop go on, so a job that only ever awaits
 * such things has to ask.
 */
export class Turns {
  #sliceEnd = monotonicNow() + SLICE_MS;

  /** To be called between steps, and awaited where it gives a promise: the slice is over, and others have their turn. */
  pause(): Promise<void> | undefined {
    return monotonicNow() < this.#sliceEnd ? undefined : this.#turn();
  }

  async #turn(): Promise<void> {
    await nextTurn();
    this.#sliceEnd = monotonicNow() + SLICE_MS;
  }
}

/**
 * Runs `work` for each item, one after the other; the event loop goes on meanwhile, however many there are. A text is not taken for its
 * characters. Throws `ERR_INVALID_ARGUMENT` where there is nothing to go through.
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
  throw new HoldfastError('ERR_INVALID_ARGUMENT', message);
}
