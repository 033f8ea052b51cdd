import { kindOfName, namesIn, removeOrphan, sweepSpare } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { SPARE_NAME } from '../format/index.js';
import type { Steps } from '../sections/index.js';
import { REMOVALS_PER_SECTION, type Swept } from '../storage/index.js';

/** Removes temporaries and a recycled file that dead processes have left in the folder of a shard. */
export function* sweepShard(era: Era, shard: number, swept: Swept): Steps<void> {
  const present = namesIn(era, shard);
  const temporaries = present.filter((name) => kindOfName(shard, name) === 'temporary');
  for (let from = 0; from < temporaries.length; from += REMOVALS_PER_SECTION) {
    const names = temporaries.slice(from, from + REMOVALS_PER_SECTION);
    yield { era, shard, work: () => removeOrphans(era, shard, names, swept) };
  }
  if (present.includes(SPARE_NAME) && era.words.spare(shard) === 0) {
    yield { era, shard, work: () => removeLeftSpare(era, shard, swept) };
  }
}

function removeLeftSpare(era: Era, shard: number, swept: Swept): void {
  const bytes = sweepSpare(era, shard);
  if (bytes === undefined) return;
  swept.bytes += bytes;
  swept.temporaries += 1;
}

function removeOrphans(era: Era, shard: number, names: readonly string[], swept: Swept): void {
  for (const name of names) {
    const bytes = removeOrphan(era, era.paths.entry(shard, name));
    if (bytes === undefined) continue;
    swept.temporaries += 1;
    swept.bytes += bytes;
  }
}
