import { onTestFinished } from 'vitest';
import { CacheCore } from '../../src/cache/core/core.js';
import type { FileCacheOptions } from '../../src/cache/core/options.js';
import { SHARDS } from '../../src/cache/format/key.js';
import { type Totals, totalsNoted } from '../../src/cache/upkeep/totals.js';
import { encode } from '../../src/cache/write/encode.js';
import { quickFolder } from './folder.js';

/** A cache for one test, in a folder of its own unless one is given. Closed when the test ends. */
export function cacheForTest(options: Partial<FileCacheOptions> = {}): CacheCore {
  const core = new CacheCore({ directory: `${quickFolder()}/cache`, codec: 'text', ...options });
  onTestFinished(() => core.close());
  return core;
}

/** Stores a text. Gives the path of its file. */
export function put(core: CacheCore, key: string, value: string, ttl?: number): string {
  const place = core.place(key);
  core.storage.putSync(place, encode(core, place, value, { ttl }));
  return pathOf(core, key);
}

export function has(core: CacheCore, key: string): boolean {
  const place = core.place(key);
  return core.storage.findSync(place).kind === 'entry';
}

export function pathOf(core: CacheCore, key: string): string {
  const { shard, hash } = core.place(key);
  return core.sections.era.paths.entry(shard, hash);
}

/** What is noted, with how many shards are marked for recounting. */
export function noted(core: CacheCore): Totals & { marked: number } {
  const { words } = core.sections.era;
  const marked = Array.from({ length: SHARDS }, (_, shard) => shard).filter((shard) =>
    words.needsRecount(shard),
  ).length;
  return { ...totalsNoted(words), marked };
}

/** Ends the era, as a clear of another process does in the middle of something that this one does, and opens the next. */
export function clearNow(core: CacheCore): void {
  core.sections.opened.words.endEra();
  void core.sections.era;
}

/** The same of the cache in this directory. */
export function clearDirectoryNow(directory: string, strategy: FileCacheOptions['strategy'] = 'rename'): void {
  const other = new CacheCore({ directory, strategy });
  clearNow(other);
  void other.close();
}
