import { type CacheCore, resolveSetOptions, type SetOptions, stampTagsNow } from '../core/index.js';
import type { Evictor } from '../eviction/index.js';
import type { Place } from '../format/index.js';
import type { EncodedValue } from '../storage/index.js';
import { encode } from './encode.js';
import { placeToWrite } from './own-write.js';

/**
 * Makes a value the entry of a key. What was stored is visible when this resolves, also where the cache was cleared meanwhile: the value
 * was not in what was cleared. A tag that is invalidated before it is committed wins over it. Inside an `update` of the same key:
 * `ERR_LOCK_CONFLICT` (own-write.ts).
 */
export async function set(
  core: CacheCore,
  evictor: Evictor,
  key: unknown,
  value: unknown,
  options: SetOptions,
): Promise<void> {
  const place = placeToWrite(core, key);
  const encoded = encodeFitting(core, evictor, place, value, options);
  const committed = core.storage.put(place, encoded);
  if (committed instanceof Promise) await committed;
  const evicted = evictor.afterWrite(place, encoded.bytes.length);
  if (evicted !== undefined) await evicted;
}

/** The same on this thread. */
export function setSync(core: CacheCore, evictor: Evictor, key: unknown, value: unknown, options: SetOptions): void {
  const place = placeToWrite(core, key);
  const encoded = encodeFitting(core, evictor, place, value, options);
  core.storage.putSync(place, encoded);
  evictor.afterWriteSync(place, encoded.bytes.length);
}

function encodeFitting(
  core: CacheCore,
  evictor: Evictor,
  place: Place,
  value: unknown,
  options: SetOptions,
): EncodedValue {
  const { ttl, staleMs, tags } = resolveSetOptions(options);
  const encoded = encode(core, place, value, { ttl, staleMs, stamps: stampTagsNow(core, tags) });
  evictor.assertFits(encoded.bytes.length);
  return encoded;
}
