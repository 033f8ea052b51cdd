import { HoldfastError } from '../../errors.js';
import { isHolding, runHolding } from '../../lock/index.js';
import type { CacheCore } from '../core/index.js';
import type { Place } from '../format/index.js';

/*
 * An `update` commits only if its entry was not written meanwhile, else it runs the change again. A change that wrote
 * the entry itself would run for ever. So code that an update runs (the change and the codec) may write any entry but
 * this one: that is `ERR_LOCK_CONFLICT` at once. It counts for all instances of the cache in this process, whatever
 * path they were opened by. When the update is over, code that it has started may write the entry.
 */

/** Runs user code of an update. Returns a promise if the work does, and throws what the work throws. */
export function insideUpdate<T>(core: CacheCore, place: Place, work: () => T | Promise<T>): T | Promise<T> {
  return runHolding(keyOf(core, place), work);
}

/** The same for synchronous work. A promise is returned as it is, as a value. */
export function insideUpdateSync<T>(core: CacheCore, place: Place, work: () => T): T {
  // In an object, so that a promise that is a value is not awaited.
  const { result } = runHolding(keyOf(core, place), () => ({ result: work() })) as { result: T };
  return result;
}

/**
 * The place of a key that is about to be written. Throws `ERR_LOCK_CONFLICT` inside an update of it, and as
 * {@link CacheCore.place} does.
 */
export function placeToWrite(core: CacheCore, key: unknown): Place {
  const place = core.place(key);
  if (!isHolding(keyOf(core, place))) return place;
  const message = `The entry of ${JSON.stringify(place.key)} is being changed by the update that this code runs in, and would be changed under it at every try. Return the new value, or start the write when the update is over.`;
  throw new HoldfastError('ERR_LOCK_CONFLICT', message, { path: core.directory });
}

function keyOf(core: CacheCore, place: Place): string {
  return `${core.identity} ${place.hash}`;
}
