import { errorCode } from '../../errors.js';
import { syscalls } from '../../os/syscalls.js';
import { readFullyAsync } from '../../os/transfer.js';
import { IN_PLACE_LIMIT } from '../directory/index.js';
import {
  ABSENT,
  type CountedFile,
  copied,
  type Found,
  type OpenEntry,
  openCountedLater,
  openEntryFile,
  payloadMemory,
  readOpenFile,
  unheld,
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
import type { CacheCore } from './core.js';
import { HEADER_ALLOWANCE } from './options.js';

/*
 * Reading values through the thread pool, where they are longer than `inlineLimit`: from the page cache a short read is over before
 * the pool has woken up, a long one keeps the event loop.
 */

/** So much is read with one call. */
const PIECE = 32 * BLOCK_LENGTH;
const FIRST_READ = 4096;

/** A file that has been opened and not been read. */
interface OpenFile {
  readonly kind: 'file';
  readonly fd: number;
  readonly size: number;
  /** Idempotent. Until then the reader is counted (recycling.ts). */
  close(): void;
}

/**
 * The entry of a key under an `inlineLimit` below the usual one: longer files are read through the thread pool, with 0 all of them, header
 * and all. Entries that may be rewritten in place are read in the shard's section, so on this thread.
 */
export async function findLimited(core: CacheCore, place: Place, codec: CodecName | undefined): Promise<Found> {
  const { inlineLimit } = core.options;
  if (inlineLimit === 0 && !core.inPlace) {
    const era = core.sections.tryEra();
    const opened = era === undefined ? ABSENT : await openThroughPool(era, place);
    return opened.kind === 'file' ? readFile(core, place, opened, codec) : opened;
  }
  const inline = Math.max(inlineLimit + HEADER_ALLOWANCE, core.inPlace ? IN_PLACE_LIMIT : 0);
  const look = (era: Era) => openOrRead(era, place, inline);
  const found = core.inPlace
    ? await findInSection(core, place, look)
    : (core.sections.outsideNow(look, closeUnread) ?? ABSENT);
  return found.kind === 'file' ? readFile(core, place, found, codec) : found;
}

async function findInSection(
  core: CacheCore,
  place: Place,
  look: (era: Era) => Found | OpenFile,
): Promise<Found | OpenFile> {
  return core.sections.tryEra() === undefined ? ABSENT : core.sections.inside(place.shard, 'shared', look);
}

/** Reads the payload of an open entry, and closes it. Where a codec is given the payload of another one is not read, and given as empty. */
export async function readLarge({ fd, header, close }: OpenEntry, codec: CodecName | undefined): Promise<Found> {
  try {
    return await payloadOf(fd, header, codec);
  } finally {
    close();
  }
}

async function readFile(
  core: CacheCore,
  place: Place,
  { fd, size, close }: OpenFile,
  codec: CodecName | undefined,
): Promise<Found> {
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
    noteRead(core.sections.opened, place);
    return await payloadOf(fd, header.value, codec);
  } finally {
    close();
  }
}

/** Allocates only what the table of checksums, which has been read and checked by then, stands for. */
async function payloadOf(fd: number, header: DecodedHeader, codec: CodecName | undefined): Promise<Found> {
  if (codec !== undefined && header.codec !== codec)
    return { kind: 'entry', entry: { header, payload: Buffer.alloc(0) } };
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

function openOrRead(era: Era, place: Place, inline: number): Found | OpenFile {
  let file: ReturnType<typeof openEntryFile>;
  try {
    file = openEntryFile(era, place.shard, place.hash);
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error;
    file = 'not a regular file';
  }
  if (file === 'absent') return ABSENT;
  if (file === 'not a regular file') return { kind: 'damaged', damage: file };
  if (file.size > inline) return { kind: 'file', ...file };
  try {
    const found = readOpenFile(file.fd, place);
    return found.kind === 'entry' ? copied(found.entry) : found;
  } finally {
    file.close();
  }
}

function closeUnread(found: Found | OpenFile): void {
  if (found.kind === 'file') found.close();
}

async function openThroughPool(era: Era, place: Place): Promise<Found | OpenFile> {
  let file: CountedFile | undefined;
  let keep = false;
  try {
    file = await openCountedLater(era, place);
    const stats = await syscalls.fstatAsync(file.fd);
    keep = stats.isFile();
    return keep ? openFile(file, stats.size) : { kind: 'damaged', damage: 'not a regular file' };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return ABSENT;
    if (code === 'ELOOP' || code === 'ENXIO' || code === 'EACCES')
      return { kind: 'damaged', damage: 'not a regular file' };
    throw error;
  } finally {
    if (!keep) file?.close();
  }
}

function openFile(file: CountedFile, size: number): OpenFile {
  return { kind: 'file', fd: file.fd, size, close: () => file.close() };
}
