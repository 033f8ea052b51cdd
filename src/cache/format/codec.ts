import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { errorCode, HoldfastError, invalidArgument } from '../../errors.js';
import { isError } from '../../os/realms.js';
import type { CodecName } from './entry.js';
import { decodeUtf8 } from './entry-tags.js';
import { isWellFormed } from './key.js';

/** Turns values into bytes and back. */
export interface Codec<V> {
  /** Throws for a value that it cannot write; `set` then rejects with `ERR_VALUE_NOT_SERIALIZABLE`. */
  encode(value: V): Uint8Array;
  /** Gets exactly the bytes that `encode` gave. Where it throws, the entry is a miss. */
  decode(bytes: Buffer): V;
}

/**
 * `json`: what JSON.stringify keeps. `v8`: also Map, Set, Date, BigInt, typed arrays and cycles; only for directories
 * that no other user can write to, since its reader trusts its input. `text`: strings. `bytes`: Buffers and
 * Uint8Arrays, given back as Buffers.
 */
export type BuiltInCodec = Exclude<CodecName, 'custom'>;

/** `lent`: the memory of the bytes will be used again. `own`: it belongs to the function that gets the bytes. */
export type PayloadMemory = 'lent' | 'own';

/** A codec, and the name that stands for it in entries. */
export interface NamedCodec {
  readonly name: CodecName;
  /** The bytes may share memory with the value, which can still change: copy them to keep them. */
  encode(value: unknown): Buffer;
  /** Whether encoding the next value may overwrite the bytes of this one. */
  readonly lends: boolean;
  /** The value shares no memory with `bytes`, unless `memory` is `own`. */
  decode(bytes: Buffer, memory?: PayloadMemory): unknown;
}

const BUILT_IN: Readonly<Record<BuiltInCodec, NamedCodec>> = {
  json: { name: 'json', lends: false, encode: encodeJson, decode: (bytes) => JSON.parse(decodeText(bytes)) },
  v8: { name: 'v8', lends: false, encode: (value) => serialize(value), decode: decodeV8 },
  text: { name: 'text', lends: false, encode: encodeText, decode: decodeText },
  bytes: { name: 'bytes', lends: false, encode: encodeBytes, decode: ownBytes },
};

/** The codec that an option names or is. Throws `ERR_INVALID_ARGUMENT` with what was expected. */
export function codecOf(option: unknown): NamedCodec {
  if (option === undefined) return BUILT_IN.json;
  if (typeof option === 'string' && Object.hasOwn(BUILT_IN, option)) return BUILT_IN[option as BuiltInCodec];
  if (isCodec(option)) {
    return {
      name: 'custom',
      lends: true,
      encode: (value) => encodeBytes(option.encode(value)),
      decode: (bytes, memory) => option.decode(ownBytes(bytes, memory)),
    };
  }
  throw invalidArgument(
    `codec must be one of ${Object.keys(BUILT_IN).join(', ')}, or an object with encode and decode.`,
  );
}

/** Node's serializer writes the length of a Buffer as 32 bits: a longer one comes back cut, without an error. */
const LONGEST_V8 = 2 ** 32 - 1;

/**
 * The value as bytes. What the codec throws becomes `ERR_VALUE_NOT_SERIALIZABLE`, but for `ERR_LOCK_CONFLICT`: then the
 * codec's own use of the cache is wrong. Runs user code: never inside a section.
 */
export function encodeValue(codec: NamedCodec, value: unknown): Buffer {
  if (value === undefined) {
    throw new HoldfastError('ERR_VALUE_NOT_SERIALIZABLE', 'undefined cannot be stored: it is what a miss gives.');
  }
  let bytes: Buffer;
  try {
    bytes = codec.encode(value);
  } catch (cause) {
    if (errorCode(cause) === 'ERR_LOCK_CONFLICT') throw cause;
    // A codec may throw anything, also a value that cannot be made a string.
    const reason = isError(cause) ? `: ${cause.message}` : '.';
    const message = `The ${codec.name} codec cannot write this value${reason}`;
    throw new HoldfastError('ERR_VALUE_NOT_SERIALIZABLE', message, { cause });
  }
  if (codec.name !== 'v8' || bytes.length <= LONGEST_V8) return bytes;
  const message = `The v8 codec cannot write values of more than 4 GiB: this one takes ${bytes.length} bytes. The bytes codec can.`;
  throw new HoldfastError('ERR_VALUE_TOO_LARGE', message);
}

function encodeJson(value: unknown): Buffer {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON has no form for this ${typeof value}`);
  return Buffer.from(text);
}

function encodeText(value: unknown): Buffer {
  if (typeof value !== 'string') throw new TypeError(`expected a string, not ${typeof value}`);
  if (!isWellFormed(value)) throw new TypeError('a text with an unpaired surrogate has no UTF-8');
  return Buffer.from(value);
}

function decodeText(bytes: Buffer): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new TypeError('the bytes are not UTF-8');
  return text;
}

/**
 * `deserialize` makes typed arrays as views of its input, without a copy. So its input must be memory that nothing else
 * uses.
 */
function decodeV8(bytes: Buffer, memory?: PayloadMemory): unknown {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  return deserialize(memory === 'own' && isWhole ? bytes : new Uint8Array(bytes));
}

/** The bytes themselves where they are `own`, otherwise a copy. */
function ownBytes(bytes: Buffer, memory?: PayloadMemory): Buffer {
  return memory === 'own' ? bytes : Buffer.from(bytes);
}

function encodeBytes(value: unknown): Buffer {
  // Not instanceof: a Buffer from another realm (a vm context, a test runner's sandbox) is one too.
  if (!types.isUint8Array(value)) throw new TypeError(`expected a Buffer or Uint8Array, not ${typeof value}`);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function isCodec(option: unknown): option is Codec<unknown> {
  return (
    typeof option === 'object' &&
    option !== null &&
    'encode' in option &&
    typeof option.encode === 'function' &&
    'decode' in option &&
    typeof option.decode === 'function'
  );
}
