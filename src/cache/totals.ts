import type { CacheCore } from './core.js';
import { SHARDS } from './key.js';
import { recountMarked } from './recount.js';
import { inPresentEra, runSteps } from './steps.js';
import type { ShardTotals, SharedWords } from './words.js';

/** What the whole cache holds: entries (expired ones too) and the bytes of their files. Shards that are marked are counted by hand first. */
export function totals(
  core: CacheCore,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ShardTotals> {
  return inPresentEra(core, async (era) => {
    await runSteps(core, recountMarked(era), options.signal);
    return totalsNoted(era.words);
  });
}

/** The sum of what is noted, believed or not. No system call; a few microseconds. */
export function totalsNoted(words: SharedWords): ShardTotals {
  let entries = 0;
  let bytes = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const held = words.totals(shard);
    entries += held.entries;
    bytes += held.bytes;
  }
  return { entries, bytes };
}

/** Whether some shard's totals are not to be believed. */
export function anyMarked(words: SharedWords): boolean {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    if (words.needsRecount(shard)) return true;
  }
  return false;
}
