import { type CacheCore, resolveSetOptions, type SetOptions, stampTagsNow } from '../core/index.js';
import type { Evictor } from '../eviction/index.js';
import type { Place } from '../format/index.js';
import type { EncodedValue } from '../storage/index.js';
import { encode } from './encode.js';
import { placeToWrite } from './own-write.js';

/**
 * Stores a value under a key. When this resolves the value is visible, even if the cache was cleared meanwhile: it was
 * not among the cleared ones. If one of the tags is invalidated before the value is committed, the value is a miss.
 * Inside an `update` of the same key: `ERR_LOCK_CONFLICT` (own-write.ts).
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
