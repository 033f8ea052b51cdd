// @ts-check
// Values that tell from their own bytes whether they are whole, and whose.
import { crc32 } from 'node:zlib';

export const KEYS = Array.from({ length: 500 }, (_, index) => `key-${index}`);
export const COUNTERS = Array.from({ length: 4 }, (_, index) => `counter-${index}`);

const SMALLEST = 10;
const LARGEST = 300 * 1024;
const HEADER = 8;

/**
 * A key's values are about as long as its number says, from 10 bytes to 300 KB on a logarithmic scale: many that fit into a page, some of several
 * blocks.
 * @param {string} key
 * @param {number} generation
 */
export function makeValue(key, generation) {
  const part = Number(key.slice('key-'.length)) / KEYS.length;
  const length = Math.floor(SMALLEST * (LARGEST / SMALLEST) ** part * (0.7 + (generation % 7) / 20));
  const bytes = Buffer.alloc(Math.min(LARGEST, HEADER + Math.max(length, SMALLEST - HEADER)), `${key} ${generation} `);
  bytes.writeUInt32LE(generation, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(4), crc32(key)), 0);
  return bytes;
}

/**
 * Why this is no value of the key: its checksum is over the key, the generation and all of the bytes.
 * @param {string} key
 * @param {Buffer} bytes
 */
export function wrongWith(key, bytes) {
  if (bytes.length < SMALLEST) return `${bytes.length} bytes under ${key}`;
  return bytes.readUInt32LE(0) === crc32(bytes.subarray(4), crc32(key)) ? undefined : `torn or foreign under ${key}`;
}
