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
