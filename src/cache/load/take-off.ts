import { isOutOfSpace } from '../../errors.js';
import { type CacheCore, isGivenStale } from '../core/index.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';
import { decodeEntry, freshEntry, type GiveOut, type Reads, tagsAreCurrent } from '../read/index.js';
import { isFreshIn, type Stamps, stampTags } from '../shared/index.js';
import { type Found, type FoundEntry, type OpenEntry, owned } from '../storage/index.js';
import type { FlightOptions } from './flight-options.js';

/**
 * What was noted before the loader began: the era, the generations of the tags, and the entry that is to be replaced,
 * if there is one.
 */
export interface Begun {
  readonly era: Era;
  readonly stamps: Stamps<Era>;
  readonly previous?: { readonly value: unknown; readonly entry: FoundEntry };
}

type Lease = 'where nothing is fresh' | 'in any case';

/** What reading inside the section gave. */
type SecondReading =
  | { readonly era: Era; readonly found: Found | OpenEntry; readonly leased: boolean; readonly stamps: Stamps<Era> }
  | { readonly nowhere: Begun };

/**
 * Steps 3 and 4 of Flights: reads the entry again, and takes the lease. Gives the value if there is a fresh one by now.
 * An entry may be fresh in the section and not afterwards: it cannot be decoded, or has just expired. Then this is done
 * again with the lease `in any case`.
 */
export async function takeOff(
  { core, reads }: { readonly core: CacheCore; readonly reads: Reads },
  { place, options }: { readonly place: Place; readonly options: FlightOptions },
  lease: Lease = 'where nothing is fresh',
): Promise<Begun | GiveOut> {
  const reading = await readAndLease(core, place, options, lease);
  if ('nowhere' in reading) return reading.nowhere;
  const { era, stamps, leased, found } = reading;
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

/**
 * Reads the entry and takes the lease in one section. `nowhere`: there is no era, and no space for one. The value is
 * then loaded for the caller, and not stored.
 */
async function readAndLease(
  core: CacheCore,
  place: Place,
  { tags }: FlightOptions,
  lease: Lease,
): Promise<SecondReading> {
  try {
    return await core.sections.inside(place.shard, 'exclusive', (era) => {
      const found = owned(core.storage.openInside(era, place));
      // An entry that is open and not yet read may turn out to be damaged.
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
