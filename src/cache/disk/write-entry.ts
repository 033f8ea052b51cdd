import { quietly } from '../../errors.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../../os/syscalls.js';
import { writeFully } from '../../os/transfer.js';
import { IN_PLACE_LIMIT } from '../directory/index.js';
import type { Era } from '../era/index.js';
import { headerLengthOf, isRewritable, type Place } from '../format/index.js';
import { changing } from '../sections/index.js';
import { blocksOf, noteWrite, noteWriteUntil, type ShardTotals } from '../shared/index.js';
import { discard, publish } from './publish.js';
import { publishThroughSpare } from './spare.js';

/** Files of rewritable entries have a multiple of this length, so that a value that grows a little still fits. */
const SLACK_STEP = 256;

/**
 * Holds the former bytes during an overwrite, to put them back if it fails. One byte longer than a file that may be
 * overwritten, to find out longer ones.
 */
const formerBytes = Buffer.allocUnsafeSlow(IN_PLACE_LIMIT + 1);

const UNCHANGED: ShardTotals = { entries: 0, bytes: 0, blocks: 0 };

/** How entries are written. */
export interface PutOptions {
  /** Permissions of the files. */
  readonly mode: number;
  /** Whether an entry that allows it may be overwritten in place. */
  readonly inPlace: boolean;
}

/** Steps 2 to 4 of a write: makes `bytes` the entry of a key. Inside the shard's exclusive section. */
export function putEntry(era: Era, place: Place, bytes: Buffer, options: PutOptions): void {
  changing(era, place, () => write(era, place, bytes, options));
}

function write(era: Era, place: Place, bytes: Buffer, { mode, inPlace }: PutOptions): ShardTotals {
  noteWrite(era, place, bytes);
  const path = era.paths.entry(place.shard, place.hash);
  const small = inPlace && bytes.length <= IN_PLACE_LIMIT;
  if (small && overwrite(path, bytes)) return UNCHANGED;
  const content = small ? withSlack(bytes) : bytes;
  return difference(era, publishThroughSpare(era, place, content, mode), content.length);
}

/** A complete entry in a temporary file. */
export interface TemporaryEntry {
  readonly path: string;
  /** Of the file, in bytes. */
  readonly length: number;
  readonly staleUntil: number;
}

/** The same for an entry that is in a temporary file already. */
export function putTemporary(era: Era, place: Place, temporary: TemporaryEntry): void {
  changing(era, place, () => publishTemporary(era, place, temporary));
}

function publishTemporary(era: Era, place: Place, temporary: TemporaryEntry): ShardTotals {
  noteWriteUntil(era, place, temporary.staleUntil);
  const path = era.paths.entry(place.shard, place.hash);
  const old = syscalls.lstat(path);
  // The new version is published. If the old file cannot be removed, a later sweep does it.
  if (publish(era, temporary.path, path, old) === 'exchanged') discard(temporary.path);
  return difference(era, old?.isFile() ? old.size : undefined, temporary.length);
}

/** How a new file in the place of the old one changes the totals. */
function difference({ words }: Era, oldLength: number | undefined, newLength: number): ShardTotals {
  const blocks = blocksOf(words, newLength);
  if (oldLength === undefined) return { entries: 1, bytes: newLength, blocks };
  return { entries: 0, bytes: newLength - oldLength, blocks: blocks - blocksOf(words, oldLength) };
}

/**
 * Overwrites an entry in place, with one call. The file is not truncated, since the length in the header counts. It
 * does not grow, so the disk cannot be full. It is at most a page, since SIGKILL tears longer writes. False: the
 * present entry may not be overwritten, or is too short.
 */
function overwrite(path: string, bytes: Buffer): boolean {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const former = readFormer(fd);
    if (former === undefined || former.length < bytes.length) return false;
    if (!headerLengthOf(former, former.length).ok || !isRewritable(former)) return false;
    try {
      writeFully(fd, bytes, 0);
    } catch (error) {
      quietly(() => writeFully(fd, former, 0));
      throw error;
    }
    return true;
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

/**
 * All bytes of an open file, in memory that the next call uses again. `undefined`: the file is too long to be
 * overwritten, or has no positions to read at. So no fstat(2) is needed. After a read that stops short the file seems
 * shorter than it is; the check of its header finds that, as it finds a file that was cut.
 */
function readFormer(fd: number): Buffer | undefined {
  try {
    const length = syscalls.read(fd, formerBytes, 0, formerBytes.length, 0);
    return length > IN_PLACE_LIMIT ? undefined : formerBytes.subarray(0, length);
  } catch {
    return undefined;
  }
}

/** The length of the file for an entry. */
export function fileLengthOf(entryBytes: number, { inPlace }: Pick<PutOptions, 'inPlace'>): number {
  if (!inPlace || entryBytes > IN_PLACE_LIMIT) return entryBytes;
  return Math.min(IN_PLACE_LIMIT, Math.ceil(entryBytes / SLACK_STEP) * SLACK_STEP);
}

function withSlack(bytes: Buffer): Buffer {
  const content = Buffer.alloc(fileLengthOf(bytes.length, { inPlace: true }));
  bytes.copy(content);
  return content;
}
