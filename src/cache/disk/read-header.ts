import { readFully } from '../../os/transfer.js';
import type { Era } from '../era/index.js';
import { type Damage, type DecodedHeader, decodeHeader, headerLengthOf, slotOfName } from '../format/index.js';
import { isUnreadable, openEntryFile } from './open-entry-file.js';

/** Most headers fit into this. */
const FIRST_READ = 512;

/** The result of reading the header of a file. */
export type HeaderFound =
  | { readonly kind: 'header'; readonly header: DecodedHeader; readonly size: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly damage: Damage | 'not a regular file' | 'unreadable' };

/** Reads and checks the header of an entry file, for any key. The payload is not read. */
export function readHeader(era: Era, shard: number, hash: string): HeaderFound {
  try {
    return tryReadHeader(era, shard, hash);
  } catch (error) {
    if (isUnreadable(error)) return { kind: 'damaged', damage: 'unreadable' };
    throw error;
  }
}

function tryReadHeader(era: Era, shard: number, hash: string): HeaderFound {
  const file = openEntryFile(era, { shard, hash, slot: slotOfName(hash) });
  if (file.kind !== 'file') return file;
  try {
    return headerOf(file.fd, file.size);
  } finally {
    file.close();
  }
}

/** The header of an open file. */
export function headerOf(fd: number, size: number): HeaderFound {
  let bytes = Buffer.allocUnsafe(Math.min(size, FIRST_READ));
  bytes = bytes.subarray(0, readFully(fd, bytes, 0));
  const length = headerLengthOf(bytes, size);
  if (!length.ok) return { kind: 'damaged', damage: length.damage };
  if (length.value > bytes.length) {
    // Safe to allocate: the length has been checked against that of the file and the longest header.
    bytes = Buffer.allocUnsafe(length.value);
    bytes = bytes.subarray(0, readFully(fd, bytes, 0));
  }
  const header = decodeHeader(bytes, size);
  return header.ok ? { kind: 'header', header: header.value, size } : { kind: 'damaged', damage: header.damage };
}
