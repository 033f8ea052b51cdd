import type { Era } from '../era/index.js';
import { SHARDS } from '../format/index.js';
import { PAUSE, type Steps } from '../sections/index.js';
import type { ShardUpkeep } from '../storage/index.js';

/** Counts the shards that are marked for a recount. Gives how many there were. */
export function* recountMarked({ recount }: ShardUpkeep, era: Era): Steps<number> {
  let recounted = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) {
    // To enter the section marks the shard if a writer has died there.
    if (era.words.busy(shard) !== 0) yield { era, shard, work: () => {} };
    if (!era.words.needsRecount(shard)) continue;
    yield* recount(era, shard, 'store');
    recounted += 1;
    yield PAUSE;
  }
  return recounted;
}
