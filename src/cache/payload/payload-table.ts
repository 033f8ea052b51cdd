import { crc32 } from 'node:zlib';
import { readFully } from '../../os/transfer.js';
import { BLOCK_LENGTH, type DecodedHeader, tableLength } from '../format/index.js';

/** Bytes of the table of checksums in memory at a time: the part for a gibibyte of payload. */
export const TABLE_PIECE = 64 * 1024;

/**
 * Whether the table of an open entry matches its header, and the first block matches the table. True for a payload of
 * one block, which has no table. Allocates at most a block, whatever the header says: a file can be long and hold
 * nothing.
 */
export function tableHolds(fd: number, header: DecodedHeader): boolean {
  const { payloadOffset, payloadLength, payloadChecksum } = header;
  const length = tableLength(payloadLength);
  if (length === 0) return true;
  const piece = Buffer.allocUnsafe(Math.min(TABLE_PIECE, length));
  let checksum = 0;
  for (let at = 0; at < length; at += piece.length) {
    const wanted = piece.subarray(0, Math.min(piece.length, length - at));
    const checksums = wanted.subarray(0, readFully(fd, wanted, payloadOffset + payloadLength + at));
    if (checksums.length < wanted.length) return false;
    // Before the rest of the table, which may be long itself.
    if (at === 0 && checksums.readUInt32LE(0) !== firstChecksum(fd, payloadOffset)) return false;
    checksum = crc32(checksums, checksum);
  }
  return checksum === payloadChecksum;
}

function firstChecksum(fd: number, payloadOffset: number): number {
  const block = Buffer.allocUnsafe(BLOCK_LENGTH);
  return crc32(block.subarray(0, readFully(fd, block, payloadOffset)));
}
