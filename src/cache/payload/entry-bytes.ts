import { crc32 } from 'node:zlib';
import { writeFully, writeFullyAsync } from '../../os/transfer.js';
import {
  type EntryHeader,
  encodeEntry,
  encodeHeader,
  encodeTable,
  restampEntry,
  sealHeader,
  tableLength,
} from '../format/index.js';
import { PayloadWriter } from './payload-writer.js';

/*
 * An entry that is ready to be written. A short one is one run of bytes, made at once: nothing is faster. Of a long one
 * the payload stays where it is, and its checksums are made while it is written, in slices: to copy and to check
 * hundreds of megabytes at once would keep the event loop, and together with its header a payload may be more than a
 * Buffer holds.
 */

/**
 * Payloads up to this long become one run of bytes in any case: to copy and to check so much is over in about a
 * millisecond.
 */
export const LONGEST_AT_ONCE = 1024 * 1024;
/** Longer ones never do, whatever `inlineLimit` says: they would not fit into a Buffer everywhere. */
const LONGEST_EVER_AT_ONCE = 1024 * 1024 * 1024;
/** So much of a long payload is copied, checked and written at once. */
const PIECE = 1024 * 1024;

/** `header` is complete but for the checksum of the payload, which is known when that has been written. */
export interface LongEntry {
  readonly header: Buffer;
  readonly payload: Buffer;
  /** Of the whole entry. */
  readonly length: number;
}

export type EntryBytes = Buffer | LongEntry;

/**
 * The entry of a payload. Of a long one the memory must stay as it is until it has been written: so where it is `lent`, and may be used
 * again at once, it is copied.
 */
export function entryBytes(
  header: Omit<EntryHeader, 'payloadLength'>,
  payload: Buffer,
  inlineLimit: number,
  lent: boolean,
): EntryBytes {
  if (payload.length <= Math.min(Math.max(inlineLimit, LONGEST_AT_ONCE), LONGEST_EVER_AT_ONCE)) {
    return encodeEntry(header, payload);
  }
  const payloadLength = payload.length;
  const bytes = encodeHeader({ ...header, payloadLength }, 0);
  const length = bytes.length + payloadLength + tableLength(payloadLength);
  return { header: bytes, payload: lent ? Buffer.from(payload) : payload, length };
}

/** Bytes that begin with the header of the entry. */
export function headerBytesOf(entry: EntryBytes): Buffer {
  return Buffer.isBuffer(entry) ? entry : entry.header;
}

/** Gives all tags of an entry one generation. Not while it is being written. */
export function restamp(entry: EntryBytes, generation: number): void {
  restampEntry(headerBytesOf(entry), generation);
}

/** Writes an entry to the beginning of a file, through the thread pool; a long one in slices. */
export async function writeEntry(fd: number, entry: EntryBytes): Promise<void> {
  if (Buffer.isBuffer(entry)) return writeFullyAsync(fd, entry, 0);
  const writer = new PayloadWriter(fd, entry.header.length, PIECE);
  try {
    await writer.append(entry.payload);
    const { payloadChecksum } = await writer.finish();
    sealHeader(entry.header, payloadChecksum);
    await writeFullyAsync(fd, entry.header, 0);
  } finally {
    // The descriptor is the caller's, who may close it now.
    await writer.settled();
  }
}

/** The same on this thread. */
export function writeEntrySync(fd: number, entry: EntryBytes): void {
  if (Buffer.isBuffer(entry)) {
    writeFully(fd, entry, 0);
    return;
  }
  const { header, payload } = entry;
  const table = encodeTable(payload);
  sealHeader(header, crc32(table));
  writeFully(fd, header, 0);
  writeFully(fd, payload, header.length);
  writeFully(fd, table, header.length + payload.length);
}
