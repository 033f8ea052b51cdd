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
 * An entry that is ready to be written. A short one is one buffer, which is the fastest way. The payload of a long one
 * is not copied, and its checksums are made in slices while it is written: to copy and check hundreds of megabytes at
 * once would block the event loop, and a payload with its header may be longer than a Buffer.
 */

/** Payloads up to this length always become one buffer: to copy and check so much takes about a millisecond. */
export const LONGEST_AT_ONCE = 1024 * 1024;
/** Longer payloads never do, whatever `inlineLimit` is: not every version of Node has Buffers for them. */
const LONGEST_EVER_AT_ONCE = 1024 * 1024 * 1024;
/** Bytes of a long payload that are copied, checked and written at once. */
const PIECE = 1024 * 1024;

/** The header lacks only the checksum of the payload, which is known after the payload has been written. */
export interface LongEntry {
  readonly header: Buffer;
  readonly payload: Buffer;
  /** Of the whole entry. */
  readonly length: number;
}

export type EntryBytes = Buffer | LongEntry;

/**
 * The entry of a payload. A long payload must not change until it has been written. `lent` says that its memory may be
 * used again at once, so then it is copied.
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

/** A buffer that begins with the header of the entry. */
export function headerBytesOf(entry: EntryBytes): Buffer {
  return Buffer.isBuffer(entry) ? entry : entry.header;
}

/** Sets one generation for all tags of an entry. Not while it is being written. */
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
    // The caller may close its descriptor now.
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
