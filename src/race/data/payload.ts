import { crc32 } from 'node:zlib';
import { type Random, seededRandom } from './random.js';

/**
 * What a writer puts into the file. Little-endian:
 *
 *     0  u32  checksum (CRC-32) of everything behind it
 *     4  u32  length of the whole
 *     8  u32  generation: the how-manieth payload of this writer
 *    12  u32  writer
 *    16       filler
 */
const CHECKED_FROM = 4;
const LENGTH_AT = 4;
const GENERATION_AT = 8;
const WRITER_AT = 12;
const FILLER_AT = 16;

/** The smallest payload: a header and a little to tear. */
export const MINIMUM_BYTES = 24;
/** One payload in so many is shorter, so that files shrink as well as grow: a file of one size is never cut under a lock. */
const SHORTER_ONE_IN = 4;
/** The filler of a generation begins at one of so many places of a longer one. */
const FILLER_OFFSETS = 4096;

/** What the bytes of a file say about the read that gave them. */
export type Finding = 'ok' | 'empty' | 'torn';

/**
 * Judges bytes by themselves. `empty`: there are none. `torn`: they are not one payload, whole. Every byte is looked at, where it
 * lies: of a mapping every page is touched.
 */
export function inspect(bytes: Buffer): Finding {
  if (bytes.length === 0) return 'empty';
  const checksum = crc32(bytes.subarray(CHECKED_FROM));
  if (bytes.length < FILLER_AT) return 'torn';
  const whole = bytes.readUInt32LE(LENGTH_AT) === bytes.length && bytes.readUInt32LE(0) === checksum;
  return whole ? 'ok' : 'torn';
}

/**
 * The payloads of one writer, fixed by seed and writer: at most `bytes` long, most of them exactly. Two of them differ all
 * over, not in a counter only, so that a mixture of them is no payload.
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

  /** The next payload. Its bytes are good until the next call: the same memory serves again. */
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
