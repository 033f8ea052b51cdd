import type { SharedWords } from './words.js';

/** What is counted, in the order of the counters in `shared`. Within one layout the order must not change. */
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
 * What this instance has counted and not yet added to the counts of all processes. Counting adds to a field of this
 * object. The words in shared memory are written once for many counts, since each write takes the cache line from the
 * other processors.
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

  /**
   * Adds what was counted to the counts of all processes. When a process is killed, what it has not flushed is lost.
   */
  flush(words: SharedWords): void {
    for (const [index, name] of COUNTED.entries()) {
      const count = this[name];
      if (count === 0) continue;
      this[name] = 0;
      words.addToCounter(index, count);
    }
  }
}

/** What all processes have counted and flushed since the era began. */
export function sharedCounts(words: SharedWords): Counts {
  return Object.fromEntries(COUNTED.map((name, index) => [name, words.counter(index)])) as Counts;
}
