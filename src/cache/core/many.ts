import { HoldfastError } from '../../errors.js';
import { shown } from '../../os/shown.js';
import { Turns } from '../../os/turns.js';

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
