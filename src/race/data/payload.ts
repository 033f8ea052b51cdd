import { crc32 } from 'node:zlib';
import { type Random, seededRandom } from './random.js';

/**
 * What a writer puts into the file. Little-endian:
 *
 *     0  u32  checksum (CRC-32) of everything behind it
 *     4  u32  length of the whole
 *     8  u32  generation: the number of this payload, of its writer
 *    12  u32  writer
 *    16       filler
 */
const CHECKED_FROM = 4;
const LENGTH_AT = 4;
const GENERATION_AT = 8;
const WRITER_AT = 12;
const FILLER_AT = 16;

/** The smallest payload: a header and a few bytes that can be torn. */
export const MINIMUM_BYTES = 24;
/**
 * One payload in this many is shorter, so that the file shrinks too: a file of one size would never be truncated under
 * a lock.
 */
const SHORTER_ONE_IN = 4;
/** The filler of a generation begins at one of this many offsets of a longer one. */
const FILLER_OFFSETS = 4096;

/** The verdict on a read, by the bytes that it gave. */
export type Finding = 'ok' | 'empty' | 'torn';

/**
 * Judges bytes by themselves. `empty`: there are none. `torn`: they are not one whole payload. It reads every byte in
 * place, so it touches every page of a mapping.
 */
export function inspect(bytes: Buffer): Finding {
  if (bytes.length === 0) return 'empty';
  const checksum = crc32(bytes.subarray(CHECKED_FROM));
  if (bytes.length < FILLER_AT) return 'torn';
  const whole = bytes.readUInt32LE(LENGTH_AT) === bytes.length && bytes.readUInt32LE(0) === checksum;
  return whole ? 'ok' : 'torn';
}

/**
 * The payloads of one writer, determined by seed and writer. Most are `bytes` long, none is longer. Any two differ in
 * all their parts, not only in a counter, so that a mixture of them is no payload.
 */
export class PayloadSource {
  readonly #payload: Buffer;
  readonly #filler: Buffer;
  readonly #random: Random;
  readonly #writer: number;
  #generation = 0;

  constructor(bytes: number, seed: number, writer: number) {
    this.#payload = Buffer.alloc(bytes);
    this.#filler = fillerOf(bytes + FILLER_OFFSETS, seededRandom(seed, writer, 0));
    this.#random = seededRandom(seed, writer, 1);
    this.#writer = writer;
  }

  /** The next payload. Its bytes are valid until the next call, which uses the same memory again. */
  next(): Buffer {
    this.#generation += 1;
    const payload = this.#payload.subarray(0, this.#nextLength());
    const offset = this.#random() % FILLER_OFFSETS;
    this.#filler.copy(payload, FILLER_AT, offset, offset + payload.length - FILLER_AT);
    payload.writeUInt32LE(payload.length, LENGTH_AT);
    payload.writeUInt32LE(this.#generation, GENERATION_AT);
    payload.writeUInt32LE(this.#writer, WRITER_AT);
    payload.writeUInt32LE(crc32(payload.subarray(CHECKED_FROM)), 0);
    return payload;
  }

  #nextLength(): number {
    const longest = this.#payload.length;
    if (this.#random() % SHORTER_ONE_IN !== 0) return longest;
    return MINIMUM_BYTES + (this.#random() % (longest - MINIMUM_BYTES + 1));
  }
}

function fillerOf(length: number, random: Random): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index += 1) words[index] = random();
  return Buffer.from(words.buffer, 0, length);
}
