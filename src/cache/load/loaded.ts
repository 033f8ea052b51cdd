import { errorCode, HoldfastError } from '../../errors.js';
import { type CacheCore, reportNotStored } from '../core/index.js';
import type { Evictor } from '../eviction/index.js';
import { encodeValue, type PayloadMemory, type Place, tableLength } from '../format/index.js';
import { copyInTurns, type GiveOut, isLongBuffer, type Reads } from '../read/index.js';
import type { Condition, EncodedValue } from '../storage/index.js';
import { encodePayload, type StoreValueOptions } from '../write/index.js';

/** Where a loaded value is stored, and on which condition. */
export interface LoadedTarget {
  readonly core: CacheCore;
  readonly reads: Reads;
  readonly evictor: Evictor;
  readonly place: Place;
  readonly options: StoreValueOptions;
  readonly condition: Condition;
}

/**
 * Encodes a loaded value and stores it. The result is a function that gives callers the value as a read would: decoded
 * from its bytes, stored or not. So a miss and a hit give the same form, and no caller gets the loader's own object.
 * Throws `ERR_VALUE_NOT_SERIALIZABLE` if the codec cannot write the value, or cannot read what it has written. If the
 * value cannot be *stored* (no space, too large, no lock), that is counted and reported, and callers get the value all
 * the same.
 */
export async function storeLoaded(value: unknown, target: LoadedTarget): Promise<GiveOut> {
  const { core, reads, place, options } = target;
  let payload = encodeValue(core.options.codec, value);
  const long = core.options.codec.name === 'bytes' && isLongBuffer(payload);
  // A copy, since the loader may go on to change its own bytes.
  if (long) payload = await copyInTurns(payload);
  // This comes before storing: bytes that cannot be decoded would be damage to every reader.
  const give = reads.giveOut(readBack(core, payload, long ? 'own' : 'lent'), () => core.options.codec.decode(payload));
  if (core.closed) return give;
  try {
    const entry = entryOf(core, place, payload, options);
    // The codec's bytes may share memory with what the loader goes on to change. Those of the entry are a copy.
    payload = entry.payload;
    if ('failure' in entry) throw entry.failure;
    await store(entry.encoded, target);
  } catch (error) {
    if (!core.closed) noteNotStored(core, place, error);
  }
  return give;
}

function readBack(core: CacheCore, payload: Buffer, memory: PayloadMemory): unknown {
  const { codec } = core.options;
  try {
    return codec.decode(payload, memory);
  } catch (cause) {
    // Not the bytes are wrong, but the codec's own use of the cache.
    if (errorCode(cause) === 'ERR_LOCK_CONFLICT') throw cause;
    const message = `The ${codec.name} codec cannot read what it has written of this value.`;
    throw new HoldfastError('ERR_VALUE_NOT_SERIALIZABLE', message, { cause });
  }
}

type Entry = { readonly payload: Buffer } & ({ readonly encoded: EncodedValue } | { readonly failure: unknown });

function entryOf(core: CacheCore, place: Place, payload: Buffer, options: StoreValueOptions): Entry {
  try {
    const encoded = encodePayload(core, place, payload, options);
    const { bytes } = encoded;
    if (!Buffer.isBuffer(bytes)) return { encoded, payload: bytes.payload };
    const end = bytes.length - tableLength(payload.length);
    return { encoded, payload: bytes.subarray(end - payload.length, end) };
  } catch (failure) {
    return { failure, payload: Buffer.from(payload) };
  }
}

async function store(encoded: EncodedValue, { core, evictor, place, condition }: LoadedTarget): Promise<void> {
  const { bytes } = encoded;
  evictor.assertFits(bytes.length);
  const committed = await core.storage.put(place, encoded, condition);
  if (committed === 'committed') await evictor.afterWrite(place, bytes.length);
}

function noteNotStored(core: CacheCore, { key }: Place, error: unknown): void {
  core.counters.loadsNotStored += 1;
  reportNotStored(core.directory, key, error);
}
