import type { CacheCore, MemoryLimits } from '../core/index.js';
import type { TierSize } from '../read/index.js';
import { sharedCounts } from '../shared/index.js';
import { totals } from './totals.js';

/**
 * What a cache holds, and what all processes together have done with it since it was made or last cleared. A process adds what it has counted
 * about once a second and when it closes the cache; what one had not added yet when it was killed is missing.
 */
export interface CacheStats {
  /** Expired ones too, until they are pruned or evicted. */
  readonly entries: number;
  /** Lengths of the entry files, headers and all. */
  readonly bytes: number;
  /**
   * What the cache takes on the disk, and what `maxBytes` limits: each entry file, and each file kept to be used again, in whole blocks of the
   * file system. Not in it: folders, locks, the shared memory of about a megabyte, and what is just being written.
   */
  readonly diskBytes: number;
  /** Reads that found a value: `get`, `has`, `getOrSet` and their like, in memory and on the disk. */
  readonly hits: number;
  /** Those of them that were answered from memory. */
  readonly memoryHits: number;
  readonly misses: number;
  readonly sets: number;
  /** Entries that `delete` or `update` removed; expired and invalidated ones do not count. */
  readonly deletes: number;
  /** Entries that were removed to stay below `maxBytes` and `maxEntries`. */
  readonly evictions: number;
  /** Damaged entries that were met; each was a miss. */
  readonly damaged: number;
  /** Loaders that `getOrSet` has run. */
  readonly loads: number;
  /** Locks of shards that were not free at once. */
  readonly lockWaits: number;
  /** Loaders of `getOrSet` that have failed, behind a stale value too. Those that were aborted are not among them. */
  readonly loadFailures: number;
  /** Values that `getOrSet` has loaded and given out, and that could not be stored: no space, too large, no lock. */
  readonly loadsNotStored: number;
  /** The tier in memory of this instance. */
  readonly memory: MemoryStats;
}

export type MemoryStats =
  | ({ readonly state: 'on' } & TierSize & MemoryLimits)
  | { readonly state: 'off'; readonly reason: 'memory: false' };

/** `tierSize`: of this instance. Counts by hand where a process died while it wrote, so it may take a while. */
export async function cacheStats(core: CacheCore, tierSize: TierSize | undefined): Promise<CacheStats> {
  core.assertOpen();
  const held = await totals(core);
  core.flushCounters();
  const { memoryHits, diskHits, ...counts } = sharedCounts((await core.sections.presentEra()).words);
  return { ...held, hits: memoryHits + diskHits, memoryHits, ...counts, memory: memoryStats(core, tierSize) };
}

function memoryStats({ options }: CacheCore, tierSize: TierSize | undefined): MemoryStats {
  if (options.memory === undefined || tierSize === undefined) return { state: 'off', reason: 'memory: false' };
  return { state: 'on', ...tierSize, ...options.memory };
}
