import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { errorCode, HoldfastError } from '../errors.js';
import { isError } from '../os/realms.js';
import type { CodecName } from './entry.js';
import { decodeUtf8 } from './entry-tags.js';
import { isWellFormed } from './key.js';

/** Turns values into bytes and back. */
export interface Codec<V> {
  /** Throws where it cannot write the value; `set` then rejects with `ERR_VALUE_NOT_SERIALIZABLE`. */
  encode(value: V): Uint8Array;
  /** Gets exactly the bytes that `encode` gave. Where it throws, the entry is a miss. */
  decode(bytes: Buffer): V;
}

/**
 * `json`: what JSON.stringify keeps. `v8`: also Map, Set, Date, BigInt, typed arrays and cycles; only for directories that
 * nobody else can write to, since its reader trusts its input. `text`: strings. `bytes`: Buffers and Uint8Arrays, given back as Buffers.
 */
export type BuiltInCodec = Exclude<CodecName, 'custom'>;

/** A codec and the name under which entries remember it. */
export interface NamedCodec {
  readonly name: CodecName;
  /** The bytes may lie in memory that the value's owner can still change: whoever keeps them copies them. */
  encode(value: unknown): Buffer;
  /** What it gives shares no memory with `bytes`. */
  decode(bytes: Buffer): unknown;
}

const BUILT_IN: Readonly<Record<BuiltInCodec, NamedCodec>> = {
  json: { name: 'json', encode: encodeJson, decode: (bytes) => JSON.parse(decodeText(bytes)) },
  v8: { name: 'v8', encode: (value) => serialize(value), decode: decodeV8 },
  text: { name: 'text', encode: encodeText, decode: decodeText },
  bytes: { name: 'bytes', encode: encodeBytes, decode: (bytes) => Buffer.from(bytes) },
};

/** The codec that an option names or is. Throws `ERR_INVALID_ARGUMENT` with what was expected. */
export function codecOf(option: unknown): NamedCodec {
  if (option === undefined) return BUILT_IN.json;
  if (typeof option === 'string' && Object.hasOwn(BUILT_IN, option)) return BUILT_IN[option as BuiltInCodec];
  if (isCodec(option)) {
    return {
      name: 'custom',
      encode: (value) => encodeBytes(option.encode(value)),
      decode: (bytes) => option.decode(Buffer.from(bytes)),
    };
  }
  throw new HoldfastError(
    'ERR_INVALID_ARGUMENT',
    `codec must be one of ${Object.keys(BUILT_IN).join(', ')}, or an object with encode and decode.`,
  );
}

/**
 * The value as bytes; what the codec throws becomes `ERR_VALUE_NOT_SERIALIZABLE`, unless it says that the codec's own use of the cache is
 * wrong (`ERR_LOCK_CONFLICT`). Runs user code: never inside a section.
 */
export function encodeValue(codec: NamedCodec, value: unknown): Buffer {
  if (value === undefined) {
    throw new HoldfastError('ERR_VALUE_NOT_SERIALIZABLE', 'undefined cannot be stored: it is what a miss gives.');
  }
  try {
    return codec.encode(value);
  } catch (cause) {
    if (errorCode(cause) === 'ERR_LOCK_CONFLICT') throw cause;
    // Anything can be thrown, also what cannot be made a string.
    const reason = isError(cause) ? `: ${cause.message}` : '.';
    const message = `The ${codec.name} codec cannot write this value${reason}`;
    throw new HoldfastError('ERR_VALUE_NOT_SERIALIZABLE', message, { cause });
  }
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

/** From a copy: the typed arrays that come out are views of what `deserialize` was given, not copies. */
function decodeV8(bytes: Buffer): unknown {
  return deserialize(new Uint8Array(bytes));
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
