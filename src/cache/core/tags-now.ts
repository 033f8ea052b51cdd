import type { Era } from '../era/index.js';
import { checkTags } from '../format/index.js';
import { placeOfTag, type Stamps, stampTags } from '../shared/index.js';
import type { CacheCore } from './core.js';

/**
 * The tags with their generations in the present era, which is looked up anew: what was invalidated in it so far does
 * not concern the value. If the next era does not exist yet, the generations of the ended one are taken. The value is
 * then stored with the first generations of the next era (store/file-writes.ts), so each invalidation there counts.
 */
export function stampTagsNow({ sections }: CacheCore, tags: readonly string[]): Stamps<Era> {
  const era = tags.length === 0 ? sections.opened : (sections.tryEra() ?? sections.opened);
  return stampTags(era, tags);
}

/** When this resolves, each entry with one of the tags is a miss for all processes. */
export async function invalidateTags(core: CacheCore, tags: readonly string[]): Promise<void> {
  core.assertOpen();
  for (const tag of checkTags(tags)) {
    const { shard, index } = placeOfTag(tag);
    await core.sections.inside(shard, 'exclusive', (era) => era.words.nextGeneration(index));
  }
}
