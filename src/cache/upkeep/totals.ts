import type { CacheCore } from '../core/index.js';
import { recountMarked } from '../eviction/index.js';
import { SHARDS } from '../format/index.js';
import { inPresentEra, runSteps } from '../sections/index.js';
import { blocksOf, LONGEST_SPARE, type SharedWords } from '../shared/index.js';

/** What a whole cache holds. */
export interface Totals {
  /** Includes expired entries. */
  readonly entries: number;
  /** The lengths of the entry files. */
  readonly bytes: number;
  /** What these and the recycled files take on the disk, by the rule of blocks.ts. */
  readonly diskBytes: number;
}

/** What the whole cache holds. Shards that are marked for a recount are counted first. */
export function totals(core: CacheCore, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Totals> {
  return inPresentEra(core, async (era) => {
    await runSteps(core, recountMarked(core.storage.upkeep, era), options.signal);
    return totalsNoted(era.words);
  });
}

/** The sum of the totals of all shards, marked for a recount or not. Makes no system call; takes some microseconds. */
export function totalsNoted(words: SharedWords): Totals {
  const { entries, blocks, spares } = words.totals.held();
  let bytes = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) bytes += words.totals.of(shard).bytes;
  return { entries, bytes, diskBytes: (blocks + spares * blocksOf(words, LONGEST_SPARE)) * words.blockBytes };
}
