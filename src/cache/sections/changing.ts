import type { Era } from '../era/index.js';
import type { ShardTotals } from '../shared/index.js';
import { type Written, writing } from './section-runner.js';

/**
 * Steps 2 to 4 of a write or a delete, inside the shard's exclusive section. `work` is step 3. The change that it
 * returns is added to the totals of the shard.
 */
export function changing<T extends ShardTotals | undefined>(era: Era, place: Written, work: () => T): T {
  return writing(era, place, () => {
    const changed = work();
    const counts = changed !== undefined && (changed.entries !== 0 || changed.bytes !== 0);
    if (counts) era.words.totals.add(place.shard, changed);
    return changed;
  });
}
