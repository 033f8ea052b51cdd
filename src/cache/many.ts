import { Turns } from './turns.js';

/** Runs `work` for each item, one after the other; the event loop goes on meanwhile, however many there are. */
export async function forEachInTurns<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const turns = new Turns();
  for (const item of items) {
    await work(item);
    const pause = turns.pause();
    if (pause !== undefined) await pause;
  }
}
