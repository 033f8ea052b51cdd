import { crc32 } from 'node:zlib';
import { readFully } from '../../os/transfer.js';
import type { Era } from '../era/index.js';
import { BLOCK_LENGTH, type DecodedHeader, placeOf, slotOfName, tableLength } from '../format/index.js';
import { TABLE_PIECE } from '../payload/index.js';
import type { EntryProblem } from '../storage/index.js';
import { isUnreadable, openEntryFile } from './open-entry-file.js';
import { headerOf } from './read-header.js';

/** `absent`: the entry was removed meanwhile. */
export type Checked = 'whole' | 'absent' | EntryProblem;

/**
 * Checks all of an entry file: its header, that its key belongs to this name, and every block of its payload. One block
 * is in memory at a time, however large the entry is. Yields after each block, with the file open.
 */
export function* checkEntry(era: Era, shard: number, hash: string): Generator<undefined, Checked, void> {
  try {
    return yield* check(era, shard, hash);
  } catch (error) {
    if (isUnreadable(error)) return 'unreadable';
    throw error;
  }
}

function* check(era: Era, shard: number, hash: string): Generator<undefined, Checked, void> {
  const file = openEntryFile(era, { shard, hash, slot: slotOfName(hash) });
  if (file.kind !== 'file') return file.kind === 'absent' ? 'absent' : file.damage;
  try {
    const found = headerOf(file.fd, file.size);
    if (found.kind !== 'header') return found.kind === 'damaged' ? found.damage : 'absent';
    if (placeOf(found.header.key).hash !== hash) return 'wrong name';
    return (yield* checkPayload(file.fd, found.header)) ? 'whole' : 'payload checksum';
  } finally {
    file.close();
  }
}

/** The same without a pause, inside a section. */
export function checkEntryNow(era: Era, shard: number, hash: string): Checked {
  const checks = checkEntry(era, shard, hash);
  for (let next = checks.next(); ; next = checks.next()) {
    if (next.done === true) return next.value;
  }
}

/** The length of the file has been checked with the header. A read that stops short makes a checksum wrong. */
function* checkPayload(fd: number, header: DecodedHeader): Generator<undefined, boolean, void> {
  const { payloadOffset, payloadLength, payloadChecksum } = header;
  const block = Buffer.allocUnsafe(Math.min(BLOCK_LENGTH, payloadLength));
  const tableBytes = tableLength(payloadLength);
  if (tableBytes === 0) return crcOf(fd, block, payloadOffset) === payloadChecksum;
  const piece = Buffer.allocUnsafe(Math.min(TABLE_PIECE, tableBytes));
  let tableChecksum = 0;
  for (let at = 0; at < tableBytes; at += piece.length) {
    const checksums = piece.subarray(0, Math.min(piece.length, tableBytes - at));
    tableChecksum = crcOf(fd, checksums, payloadOffset + payloadLength + at, tableChecksum);
    for (let index = 0; index < checksums.length; index += 4) {
      const from = ((at + index) / 4) * BLOCK_LENGTH;
      const bytes = block.subarray(0, Math.min(BLOCK_LENGTH, payloadLength - from));
      if (crcOf(fd, bytes, payloadOffset + from) !== checksums.readUInt32LE(index)) return false;
      yield;
    }
  }
  return tableChecksum === payloadChecksum;
}

function crcOf(fd: number, bytes: Buffer, position: number, former = 0): number {
  return crc32(bytes.subarray(0, readFully(fd, bytes, position)), former);
}
