import { errorCode } from '../../errors.js';
import { messageOf } from '../../os/realms.js';
import type { CacheCore } from '../core/index.js';
import type { EntryHeader, Place } from '../format/index.js';
import { areCurrent } from '../shared/index.js';
import type { Found, FoundEntry } from '../storage/index.js';

/**
 * The entry if a read may return it: whole, of this key, not expired. Damage is counted and reported. Outside any
 * section.
 */
export function freshEntry(core: CacheCore, place: Place, found: Found): FoundEntry | undefined {
  if (found.kind === 'damaged') core.noteDamage(place, found.damage);
  return found.kind === 'entry' && isFresh(core, found.entry.header) ? found.entry : undefined;
}

/** Neither expired nor invalidated. */
export function isFresh(core: CacheCore, header: EntryHeader): boolean {
  return header.expiresAt > Date.now() && tagsAreCurrent(core, header);
}

/** Not invalidated. */
export function tagsAreCurrent({ sections }: CacheCore, { tags }: EntryHeader): boolean {
  return tags.length === 0 || areCurrent(sections.opened.words, tags);
}

/**
 * The value of an entry, in an object, because `undefined` stands for no value. Outside any section: codecs are user
 * code, which is called through `run`. An error of the codec means damage, except `ERR_LOCK_CONFLICT`: then the codec's
 * own use of the cache is wrong. Throws `ERR_VALUE_TOO_LARGE` where no Buffer can hold the value.
 */
export function decodeEntry(
  core: CacheCore,
  place: Place,
  { header, payload, memory, failure }: FoundEntry,
  run: <T>(work: () => T) => T = (work) => work(),
): { readonly value: unknown } | undefined {
  const { codec } = core.options;
  if (header.codec !== codec.name) return undefined;
  if (failure !== undefined) throw failure;
  try {
    return { value: run(() => codec.decode(payload, memory)) };
  } catch (error) {
    if (errorCode(error) === 'ERR_LOCK_CONFLICT') throw error;
    core.noteDamage(place, `the ${codec.name} codec: ${messageOf(error)}`);
    return undefined;
  }
}
