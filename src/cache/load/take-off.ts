import { isOutOfSpace } from '../../errors.js';
import { type CacheCore, isGivenStale } from '../core/index.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';
import { decodeEntry, freshEntry, type GiveOut, type Reads, tagsAreCurrent } from '../read/index.js';
import { isFreshIn, type Stamps, stampTags } from '../shared/index.js';
import { type Found, type FoundEntry, type OpenEntry, owned } from '../storage/index.js';
import type { FlightOptions } from './flight-options.js';

/** An entry that the loader is to replace, if there is one, and what was noted of the key before it began. */
export interface Begun {
  readonly era: Era;
  readonly stamps: Stamps<Era>;
  readonly previous?: { readonly value: unknown; readonly entry: FoundEntry };
}

type Lease = 'where nothing is fresh' | 'in any case';

/** What a look inside the section came to. */
type Looked =
  | { readonly era: Era; readonly found: Found | OpenEntry; readonly leased: boolean; readonly stamps: Stamps<Era> }
  | { readonly nowhere: Begun };

/**
 * Steps 3 and 4 of Flights: the second look, and the lease. Gives the value where there is one by now. `lease`: one that looked fresh in
 * the section and then is not (it cannot be decoded, it has just expired) is looked at again, and the lease taken whatever is there.
 */
export async function takeOff(
  { core, reads }: { readonly core: CacheCore; readonly reads: Reads },
  { place, options }: { readonly place: Place; readonly options: FlightOptions },
  lease: Lease = 'where nothing is fresh',
): Promise<Begun | GiveOut> {
  const looked = await look(core, place, options, lease);
  if ('nowhere' in looked) return looked.nowhere;
  const { era, stamps, leased, found } = looked;
  const whole: Found = found.kind === 'open' ? await core.whileOpen(core.storage.readOpened(found)) : found;
  const fresh = freshEntry(core, place, whole);
  const give = fresh && reads.giveEntry(place, fresh);
  if (give !== undefined) return give;
  if (!leased) return takeOff({ core, reads }, { place, options }, 'in any case');
  const entry = whole.kind === 'entry' && fresh === undefined ? whole.entry : undefined;
  if (entry === undefined || !isGivenStale(entry.header, options.staleMs)) return { era, stamps };
  const previous = tagsAreCurrent(core, entry.header)
    ? decodeEntry(core, place, { ...entry, memory: 'lent' })
    : undefined;
  return previous === undefined ? { era, stamps } : { era, stamps, previous: { value: previous.value, entry } };
}

/** In the section. `nowhere`: there is no era, and no space for one. A value is asked for all the same; it belongs to none, and is not stored. */
async function look(core: CacheCore, place: Place, { tags }: FlightOptions, lease: Lease): Promise<Looked> {
  try {
    return await core.sections.inside(place.shard, 'exclusive', (era) => {
      const found = owned(core.storage.lookInside(era, place));
      // One that is still to be read may turn out to be damaged.
      const leased = lease === 'in any case' || found.kind !== 'entry' || !isFreshIn(era, found.entry.header);
      if (leased) era.words.setLease(place.slot, place.leaseMark);
      return { era, found, leased, stamps: stampTags(era, tags) };
    });
  } catch (error) {
    const era = core.sections.opened;
    if (!era.ended || !isOutOfSpace(error)) throw error;
    return { nowhere: { era, stamps: stampTags(era, tags) } };
  }
}
