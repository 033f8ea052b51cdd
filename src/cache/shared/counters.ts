import type { SharedWords } from './words.js';

/** What is counted, in the order of the counters in `shared`. Where each is stored must not change within a layout. */
export const COUNTED = [
  'memoryHits',
  'diskHits',
  'misses',
  'sets',
  'deletes',
  'evictions',
  'damaged',
  'loads',
  'lockWaits',
  'loadFailures',
  'loadsNotStored',
] as const;
export type Counted = (typeof COUNTED)[number];
export type Counts = Record<Counted, number>;

/**
 * What this instance has counted and not yet added to the counts of all processes. To count is an addition to a field: the words in shared
 * memory, which every processor would have to fetch from the others, are touched once for a batch.
 */
export class Counters implements Counts {
  memoryHits = 0;
  diskHits = 0;
  misses = 0;
  sets = 0;
  deletes = 0;
  evictions = 0;
  damaged = 0;
  loads = 0;
  lockWaits = 0;
  loadFailures = 0;
  loadsNotStored = 0;

  /** Adds what was counted to the counts of all. What a process has not flushed when it is killed is lost. */
  flush(words: SharedWords): void {
    for (const [index, name] of COUNTED.entries()) {
      const count = this[name];
      if (count === 0) continue;
      this[name] = 0;
      words.addToCounter(index, count);
    }
  }
}

/** What all processes have counted since the era began, as far as they have flushed it. */
export function sharedCounts(words: SharedWords): Counts {
  return Object.fromEntries(COUNTED.map((name, index) => [name, words.counter(index)])) as Counts;
}
