import type { CacheCore } from '../core/index.js';
import { walk } from './walk.js';

/**
 * The keys that are present, in no order, while the cache goes on changing: one that is there throughout is given exactly once, one that
 * comes or goes meanwhile once or not at all. Expired and invalidated ones are left out. Where the cache is cleared meanwhile, it ends.
 * It holds the names of one shard, a 256th of the cache, and no descriptor.
 */
export function keys(core: CacheCore): AsyncGenerator<string, void> {
  core.assertOpen();
  return presentKeys(core);
}

/**
 * The same with values, each as it is at that moment. What this cache cannot give out is left out: damaged entries, and those of
 * another codec.
 */
export function entries(core: CacheCore): AsyncGenerator<[string, unknown], void> {
  core.assertOpen();
  return presentEntries(core);
}

async function* presentKeys(core: CacheCore): AsyncGenerator<string, void> {
  for await (const summary of walk(core)) {
    if (core.isFresh(summary)) yield summary.key;
  }
}

async function* presentEntries(core: CacheCore): AsyncGenerator<[string, unknown], void> {
  for await (const key of presentKeys(core)) {
    const place = core.place(key);
    const decoded = await core.find(place, (found) => {
      const entry = core.fresh(place, found);
      return entry === undefined ? undefined : core.decode(place, entry);
    });
    if (decoded !== undefined) yield [key, decoded.value];
  }
}
