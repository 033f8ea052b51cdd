// @ts-check
// Keys that one loop of one process writes and no other, so that it knows what each may hold: a value of its own, or nothing, since
// others clear and evict. Values tell from their own bytes which write made them.
import { crc32 } from 'node:zlib';

/** A key holds nothing. */
const NOTHING = 0;
const HEADER = 8;
/** The clocks of a write and of a read are the same; the last digit may have been rounded. */
const ROUNDING_MS = 2;

/**
 * @param {string} key
 * @param {number} number
 * @param {number} length
 */
export function makeValue(key, number, length) {
  const bytes = Buffer.alloc(HEADER + length, `${key} ${number} `);
  bytes.writeUInt32LE(number, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(4), crc32(key)), 0);
  return bytes;
}

/**
 * The number of the write that made these bytes; throws where they are not whole, or another key's.
 * @param {string} key
 * @param {Buffer | undefined} bytes
 */
export function numberOf(key, bytes) {
  if (bytes === undefined) return NOTHING;
  const whole = bytes.length >= HEADER && bytes.readUInt32LE(0) === crc32(bytes.subarray(4), crc32(key));
  if (!whole) throw new Error(`torn or foreign under ${key}: ${bytes.length} bytes`);
  return bytes.readUInt32LE(4);
}

/** What one key may hold: nothing, or what one of these writes made, each until its time, or until its tag is invalidated. */
export class OwnKey {
  /** @type {Map<number, { until: number, tagged: boolean }>} */
  #possible = new Map();

  /** @param {string} name @param {string} tag */
  constructor(name, tag) {
    this.name = name;
    this.tag = tag;
  }

  /** A write has succeeded. @param {number} number @param {{ until?: number, tagged?: boolean }} [how] */
  wrote(number, how = {}) {
    this.#possible.clear();
    this.mayHaveWritten(number, how);
  }

  /** A write may have succeeded, or may yet. @param {number} number @param {{ until?: number, tagged?: boolean }} [how] */
  mayHaveWritten(number, { until = Number.POSITIVE_INFINITY, tagged = false } = {}) {
    this.#possible.set(number, { until, tagged });
  }

  removed() {
    this.#possible.clear();
  }

  /** What was written without the tag for certain, or may have been, stays possible. */
  invalidated() {
    for (const [number, { tagged }] of this.#possible) if (tagged) this.#possible.delete(number);
  }

  /** Throws where a read that began at `since` (milliseconds since 1970) must not have given this. @param {number} number @param {number} since */
  assertMayHold(number, since) {
    if (number === NOTHING) return;
    const known = this.#possible.get(number);
    if (known === undefined)
      throw new Error(`stale: ${this.name} gave ${number}, may hold ${[...this.#possible.keys()]}`);
    const late = since - known.until;
    if (late > ROUNDING_MS) throw new Error(`expired: ${this.name} gave ${number}, ${late} ms late`);
  }
}
