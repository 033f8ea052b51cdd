import type { CacheCore } from '../core/index.js';
import type { Place } from '../format/index.js';
import type { FoundEntry, OpenEntry } from '../storage/index.js';
import { freshEntry, isFresh } from './fresh.js';

/** An entry that may be given out, either open (whoever gets it calls `close`) or, where it is small, in memory that is the caller's. */
export type Opened = OpenEntry | { readonly kind: 'entry'; readonly entry: FoundEntry };

/**
 * The entry of a key for whoever takes longer over it than a section lasts. What is given
 * open never changes, so it can be read at leisure.
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
