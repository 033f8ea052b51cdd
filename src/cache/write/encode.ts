import { type CacheCore, entryTimes, type TimeOptions } from '../core/index.js';
import type { Era } from '../era/index.js';
import { type EntryHeader, encodeValue, type Place, randomVersion } from '../format/index.js';
import { entryBytes } from '../payload/index.js';
import type { Stamps } from '../shared/index.js';
import type { EncodedValue } from '../storage/index.js';

/** How one value is stored. */
export interface StoreValueOptions extends TimeOptions {
  readonly stamps?: Stamps<Era>;
}

/** Encodes a value as an entry for the store. Outside any section: codecs are user code. */
export function encode(core: CacheCore, place: Place, value: unknown, options: StoreValueOptions): EncodedValue {
  return encodePayload(core, place, encodeValue(core.options.codec, value), options);
}

/** The same for a value that the codec has encoded already. */
export function encodePayload(
  core: CacheCore,
  place: Place,
  payload: Buffer,
  options: StoreValueOptions,
): EncodedValue {
  const { codec, inlineLimit } = core.options;
  const header = newHeader(core, place, options);
  const era = header.tags.length === 0 ? undefined : options.stamps?.era;
  return { bytes: entryBytes(header, payload, inlineLimit, codec.lends), version: header.version, era };
}

/** The header of a new entry, with times counted from now. */
export function newHeader(
  { options, storage }: CacheCore,
  place: Place,
  how: StoreValueOptions,
): Omit<EntryHeader, 'payloadLength'> {
  return {
    key: place.key,
    codec: options.codec.name,
    rewritable: storage.rewrites,
    ...entryTimes(how, options.ttlMs),
    version: randomVersion(),
    tags: how.stamps?.tags ?? [],
  };
}
