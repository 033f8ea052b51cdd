import { errorCode } from '../../errors.js';
import { syscalls } from '../../os/syscalls.js';
import { readFully } from '../../os/transfer.js';
import type { Era } from '../era/index.js';
import { type Damage, type DecodedHeader, decodeHeader, headerLengthOf, slotOfName } from '../format/index.js';
import { type CountedFile, openCounted } from './counted-file.js';

/** Most headers fit into this. */
const FIRST_READ = 512;

/** What a look at the header of a file came to. */
export type HeaderFound =
  | { readonly kind: 'header'; readonly header: DecodedHeader; readonly size: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly damage: Damage | 'not a regular file' | 'unreadable' };

/** Reads and checks the header of an entry file, whatever its key is. The payload is not looked at. */
export function readHeader(era: Era, shard: number, hash: string): HeaderFound {
  try {
    return tryReadHeader(era, shard, hash);
  } catch (error) {
    if (isUnreadable(error)) return { kind: 'damaged', damage: 'unreadable' };
    throw error;
  }
}

/** Whether the failure is one of this file alone: a broken block of the disk, or permissions that somebody changed. */
export function isUnreadable(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EIO' || code === 'EACCES' || code === 'EPERM';
}

function tryReadHeader(era: Era, shard: number, hash: string): HeaderFound {
  const file = openEntryFile(era, shard, hash);
  if (file === 'absent') return { kind: 'absent' };
  if (file === 'not a regular file') return { kind: 'damaged', damage: file };
  try {
    return headerOf(file.fd, file.size);
  } finally {
    file.close();
  }
}

/** The file of an entry, open, and how long it is. */
export interface EntryFile extends CountedFile {
  readonly size: number;
}

/** Opens what stands under the name of an entry if it is a regular file; no link is followed. */
export function openEntryFile(era: Era, shard: number, hash: string): EntryFile | 'absent' | 'not a regular file' {
  let file: CountedFile | undefined;
  let regular = false;
  try {
    file = openCounted(era, { shard, hash, slot: slotOfName(hash) });
    const stats = syscalls.fstat(file.fd);
    regular = stats.isFile();
    return regular ? withSize(file, stats.size) : 'not a regular file';
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    if (code === 'ELOOP' || code === 'ENXIO') return 'not a regular file';
    throw error;
  } finally {
    if (!regular) file?.close();
  }
}

function withSize(file: CountedFile, size: number): EntryFile {
  return { fd: file.fd, size, close: () => file.close() };
}

/** The header of an open file. */
export function headerOf(fd: number, size: number): HeaderFound {
  let bytes = Buffer.allocUnsafe(Math.min(size, FIRST_READ));
  bytes = bytes.subarray(0, readFully(fd, bytes, 0));
  const length = headerLengthOf(bytes, size);
  if (!length.ok) return { kind: 'damaged', damage: length.damage };
  if (length.value > bytes.length) {
    // It has been held against the length of the file, and a header has a longest length.
    bytes = Buffer.allocUnsafe(length.value);
    bytes = bytes.subarray(0, readFully(fd, bytes, 0));
  }
  const header = decodeHeader(bytes, size);
  return header.ok ? { kind: 'header', header: header.value, size } : { kind: 'damaged', damage: header.damage };
}
