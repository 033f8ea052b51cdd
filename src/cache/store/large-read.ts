import { readFullyAsync } from '../../os/transfer.js';
import {
  type EntryFile,
  noEntry,
  openEntryFile,
  openEntryFileLater,
  payloadMemory,
  readOpenFile,
} from '../disk/index.js';
import type { Era } from '../era/index.js';
import {
  BLOCK_LENGTH,
  type CodecName,
  type DecodedHeader,
  decodeHeader,
  headerLengthOf,
  LONGEST_HEADER,
  type Place,
} from '../format/index.js';
import { PayloadReader } from '../payload/index.js';
import { noteRead } from '../shared/index.js';
import {
  ABSENT,
  type Found,
  type NoEntry,
  type OpenEntry,
  owned,
  type StorageContext,
  unheld,
} from '../storage/index.js';
import { HEADER_ALLOWANCE } from './inline-limit.js';
import type { Manner } from './manner.js';

/*
 * Values longer than `inlineLimit` are read through the thread pool. From the page cache a short read ends before the
 * pool has woken up; a long one would block the event loop.
 */

/** Bytes of one call of read(2). */
const PIECE = 32 * BLOCK_LENGTH;
const FIRST_READ = 4096;

/**
 * The entry of a key where `inlineLimit` is below the usual one. Longer files are read through the thread pool; with 0
 * all files are, including their headers. Entries that may be rewritten in place are read in the shard's section, and
 * so on this thread.
 */
export async function findLimited(context: StorageContext, manner: Manner, place: Place): Promise<Found> {
  const { sections, options } = context;
  const { inlineLimit } = options;
  if (inlineLimit === 0 && manner.readInside === 0) {
    const era = sections.tryEra();
    const opened = era === undefined ? ABSENT : await openEntryFileLater(era, place);
    return opened.kind === 'file' ? readFile(context, place, opened) : opened;
  }
  const inline = Math.max(inlineLimit + HEADER_ALLOWANCE, manner.readInside);
  const read = (era: Era) => openOrRead(era, place, inline);
  const found = (await manner.read(sections, place.shard, read, (one) => one)) ?? ABSENT;
  return found.kind === 'file' ? readFile(context, place, found) : found;
}

/**
 * Reads the payload of an open entry, and closes it. The payload of another codec is not read; it is empty in the
 * result.
 */
export async function readLarge({ fd, header, close }: OpenEntry, codec: CodecName): Promise<Found> {
  try {
    return await payloadOf(fd, header, codec);
  } finally {
    close();
  }
}

async function readFile(context: StorageContext, place: Place, { fd, size, close }: EntryFile): Promise<Found> {
  try {
    let beginning = Buffer.allocUnsafe(Math.min(size, FIRST_READ));
    beginning = beginning.subarray(0, await readFullyAsync(fd, beginning, 0));
    const length = headerLengthOf(beginning, size);
    if (length.ok && length.value > beginning.length) {
      beginning = Buffer.allocUnsafe(Math.min(length.value, LONGEST_HEADER));
      beginning = beginning.subarray(0, await readFullyAsync(fd, beginning, 0));
    }
    const header = decodeHeader(beginning, size);
    if (!header.ok) return { kind: 'damaged', damage: header.damage };
    if (header.value.key !== place.key) return ABSENT;
    noteRead(context.sections.opened, place);
    return await payloadOf(fd, header.value, context.options.codec.name);
  } finally {
    close();
  }
}

/** Allocates the payload only after its table of checksums has been read and checked. */
async function payloadOf(fd: number, header: DecodedHeader, codec: CodecName): Promise<Found> {
  if (header.codec !== codec) return { kind: 'entry', entry: { header, payload: Buffer.alloc(0) } };
  let payload: Buffer = Buffer.alloc(0);
  const opened = await PayloadReader.open(fd, header, {
    pieceLength: PIECE,
    allocate: (length, offset) => payload.subarray(offset, offset + length),
  });
  if (!opened.ok) return { kind: 'damaged', damage: opened.damage };
  const reader = opened.value;
  const memory = payloadMemory(header.payloadLength);
  if (!Buffer.isBuffer(memory)) return unheld(header, memory);
  payload = memory;
  try {
    while (reader.left > 0) {
      const piece = await reader.next();
      if (!piece.ok) return { kind: 'damaged', damage: piece.damage };
    }
    return { kind: 'entry', entry: { header, payload, memory: 'own' } };
  } finally {
    await reader.settled();
  }
}

function openOrRead(era: Era, place: Place, inline: number): Found | EntryFile {
  const file = openOrNone(era, place);
  if (file.kind !== 'file' || file.size > inline) return file;
  try {
    return owned(readOpenFile(file.fd, place));
  } finally {
    file.close();
  }
}

function openOrNone(era: Era, place: Place): EntryFile | NoEntry {
  try {
    return openEntryFile(era, place);
  } catch (error) {
    return noEntry(error);
  }
}
