import { errorCode, quietly } from '../errors.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, syscalls } from '../os/syscalls.js';
import { readFully } from '../os/transfer.js';
import { type Damage, type DecodedHeader, decodeHeader, headerLengthOf } from './entry.js';
import type { Era } from './era.js';
import { slotOfName } from './key.js';

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

/** The file of an entry, open. Its reader is counted until `close`, which is to be called once. */
export interface EntryFile {
  readonly fd: number;
  readonly size: number;
  close(): void;
}

/** Opens what stands under the name of an entry if it is a regular file; no link is followed. */
export function openEntryFile(era: Era, shard: number, hash: string): EntryFile | 'absent' | 'not a regular file' {
  const slot = slotOfName(hash);
  let fd: number | undefined;
  const close = () => {
    if (fd !== undefined) quietly(() => syscalls.close(fd as number));
    era.words.endReading(slot);
  };
  era.words.beginReading(slot);
  let regular = false;
  try {
    fd = syscalls.open(era.paths.entry(shard, hash), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stats = syscalls.fstat(fd);
    regular = stats.isFile();
    return regular ? { fd, size: stats.size, close } : 'not a regular file';
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    if (code === 'ELOOP' || code === 'ENXIO') return 'not a regular file';
    throw error;
  } finally {
    if (!regular) close();
  }
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
