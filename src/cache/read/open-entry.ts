import type { CacheCore } from '../core/index.js';
import { ABSENT, closeOpened, type Found, type FoundEntry, type OpenEntry, readOrOpenEntry } from '../disk/index.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';

/** An entry that may be given out, either open (whoever gets it calls `close`) or, where it is small, in memory that is the caller's. */
export type Opened = OpenEntry | { readonly kind: 'entry'; readonly entry: FoundEntry };

/**
 * The entry of a key for whoever takes longer over it than a section lasts. What may be rewritten in place is at most a page and
 * is read whole, under the shard's lock; all else never changes once it is published, so it can be read from the open file at leisure.
 */
export async function openFresh(core: CacheCore, place: Place, inlineLength?: number): Promise<Opened | undefined> {
  const found = await findOrOpen(core, place, inlineLength);
  if (found.kind !== 'open') {
    const entry = core.fresh(place, found);
    return entry === undefined ? undefined : { kind: 'entry', entry };
  }
  if (core.isFresh(found.header)) return found;
  found.close();
  return undefined;
}

async function findOrOpen(core: CacheCore, place: Place, inlineLength?: number): Promise<Found | OpenEntry> {
  const read = (era: Era) => kept(readOrOpenEntry(era, place, inlineLength));
  if (!core.inPlace) return core.sections.outsideNow(read, closeOpened) ?? ABSENT;
  if (core.sections.tryEra() === undefined) return ABSENT;
  return core.sections.inside(place.shard, 'shared', read);
}

/** The buffer that a payload was read into is used again by the next read. */
function kept(found: Found | OpenEntry): Found | OpenEntry {
  if (found.kind !== 'entry') return found;
  const { header, payload } = found.entry;
  return { kind: 'entry', entry: { header, payload: Buffer.from(payload), memory: 'own' } };
}
