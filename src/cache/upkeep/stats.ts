import type { CacheCore, MemoryLimits } from '../core/index.js';
import type { TierSize } from '../read/index.js';
import { sharedCounts } from '../shared/index.js';
import { totals } from './totals.js';

/**
 * What a cache holds, and what all processes together have done with it since it was made or last cleared. A process
 * adds its counts about once a second, and when it closes the cache. When it is killed, the counts since then are lost.
 */
export interface CacheStats {
  /** Includes expired entries, until they are pruned or evicted. */
  readonly entries: number;
  /** The lengths of the entry files, with their headers. */
  readonly bytes: number;
  /**
   * What the cache takes on the disk, and what `maxBytes` limits: all entry files and recycled files, in whole blocks
   * of the file system. Not included are folders, lock files, the shared memory of about a megabyte, and files that are
   * just being written.
   */
  readonly diskBytes: number;
  /** Reads that found a value in memory or on the disk: `get`, `has`, `getOrSet` and the like. */
  readonly hits: number;
  /** The hits that were answered from memory. */
  readonly memoryHits: number;
  readonly misses: number;
  readonly sets: number;
  /** Entries that `delete` or `update` removed. Expired and invalidated ones do not count. */
  readonly deletes: number;
  /** Entries that were removed to stay below `maxBytes` and `maxEntries`. */
  readonly evictions: number;
  /** Reads that met a damaged entry. Each was a miss. */
  readonly damaged: number;
  /** Loaders that `getOrSet` has run. */
  readonly loads: number;
  /** How often the lock of a shard was not free at once. */
  readonly lockWaits: number;
  /** Loaders of `getOrSet` that have failed, also those behind a stale value. Aborted ones do not count. */
  readonly loadFailures: number;
  /** Values that `getOrSet` has loaded and given out, but could not store: no space, too large, no lock. */
  readonly loadsNotStored: number;
  /** The tier in memory of this instance. */
  readonly memory: MemoryStats;
}

export type MemoryStats =
  | ({ readonly state: 'on' } & TierSize & MemoryLimits)
  | { readonly state: 'off'; readonly reason: 'memory: false' };

/** `tierSize`: that of this instance. Shards in which a process has died are counted again, which may take a while. */
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
