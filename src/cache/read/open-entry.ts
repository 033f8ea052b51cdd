import type { CacheCore } from '../core/index.js';
import type { Place } from '../format/index.js';
import type { FoundEntry, OpenEntry } from '../storage/index.js';
import { freshEntry, isFresh } from './fresh.js';

/** An entry that may be read: open, for the caller to `close`, or, if it is small, in memory of its own. */
export type Opened = OpenEntry | { readonly kind: 'entry'; readonly entry: FoundEntry };

/**
 * The entry of a key for a read that takes longer than a critical section. A file that is returned open never changes.
 */
export async function openFresh(core: CacheCore, place: Place, inlineLength?: number): Promise<Opened | undefined> {
  const found = await core.storage.open(place, inlineLength);
  if (found.kind !== 'open') {
    const entry = freshEntry(core, place, found);
    return entry === undefined ? undefined : { kind: 'entry', entry };
  }
  if (isFresh(core, found.header)) return found;
  found.close();
  return undefined;
}
