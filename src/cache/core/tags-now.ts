import type { Era } from '../era/index.js';
import { checkTags } from '../format/index.js';
import { placeOfTag, type Stamps, stampTags } from '../shared/index.js';
import type { CacheCore } from './core.js';

/**
 * The tags with the generations of the era that is present now, whichever this instance looked at last: what has been invalidated in a newer one lies before the
 * value. Where the next one is not there yet, all that is invalidated in it lies behind, as a value expects that follows into it (store/file-writes.ts).
 */
export function stampTagsNow({ sections }: CacheCore, tags: readonly string[]): Stamps<Era> {
  const era = tags.length === 0 ? sections.opened : (sections.tryEra() ?? sections.opened);
  return stampTags(era, tags);
}

/** Makes every entry that carries one of the tags a miss, for every process, when it resolves. */
export async function invalidateTags(core: CacheCore, tags: readonly string[]): Promise<void> {
  core.assertOpen();
  for (const tag of checkTags(tags)) {
    const { shard, index } = placeOfTag(tag);
    await core.sections.inside(shard, 'exclusive', (era) => era.words.nextGeneration(index));
  }
}
