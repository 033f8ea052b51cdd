import { crc32 } from 'node:zlib';

/**
 * Up to this length a loop is faster than a call into native code together with the view of the bytes that it needs.
 */
const SHORT = 256;
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

/** crc32 of a part of some bytes, continued from `former`. */
export function crc32Of(bytes: Buffer, from: number, to: number, former = 0): number {
  if (to - from > SHORT) return crc32(bytes.subarray(from, to), former);
  let remainder = ~former;
  for (let index = from; index < to; index += 1) {
    remainder = (remainder >>> 8) ^ (CRC_TABLE[(remainder ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  }
  return ~remainder >>> 0;
}
