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

/** Lengths that rewritable entries are made with, so that a value which grows a little still fits. */
const SLACK_STEP = 256;

/** What is about to be overwritten is read into this, to be put back where that fails. One byte more than may be there. */
const formerBytes = Buffer.allocUnsafeSlow(IN_PLACE_LIMIT + 1);

const UNCHANGED: ShardTotals = { entries: 0, bytes: 0, blocks: 0 };

/** How entries are written. */
export interface PutOptions {
  /** Permissions of the files. */
  readonly mode: number;
  /** Whether an entry that says so may be overwritten where it is. */
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

/** A whole entry that lies in a temporary file. */
export interface TemporaryEntry {
  readonly path: string;
  /** Of the file, in bytes. */
  readonly length: number;
  readonly staleUntil: number;
}

/** The same for an entry whose bytes are in a temporary file already. */
export function putTemporary(era: Era, place: Place, temporary: TemporaryEntry): void {
  changing(era, place, () => publishTemporary(era, place, temporary));
}

function publishTemporary(era: Era, place: Place, temporary: TemporaryEntry): ShardTotals {
  noteWriteUntil(era, place, temporary.staleUntil);
  const path = era.paths.entry(place.shard, place.hash);
  const old = syscalls.lstat(path);
  // The new version stands. What is left of the old one where this fails, a later sweep finds.
  if (publish(era, temporary.path, path, old) === 'exchanged') discard(temporary.path);
  return difference(era, old?.isFile() ? old.size : undefined, temporary.length);
}

/** What the exchange of one file for another changes. */
function difference({ words }: Era, oldLength: number | undefined, newLength: number): ShardTotals {
  const blocks = blocksOf(words, newLength);
  if (oldLength === undefined) return { entries: 1, bytes: newLength, blocks };
  return { entries: 0, bytes: newLength - oldLength, blocks: blocks - blocksOf(words, oldLength) };
}

/**
 * Overwrites an entry where it is, with one call: never truncated, since the length in the header rules; never grown, so that running out
 * of space cannot hit; never more than a page, since SIGKILL tears larger ones. False where the entry that is there is none that
 * may be overwritten, or is too short.
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
 * The whole of an open file, in memory that the next call uses again. `undefined` where it is longer than what may be overwritten, or none
 * that can be read at a position: how long it is, and that it is a file, shows itself without asking. A read that stops short makes it
 * look shorter than it is, which is checked against its header as a file that was cut would be.
 */
function readFormer(fd: number): Buffer | undefined {
  try {
    const length = syscalls.read(fd, formerBytes, 0, formerBytes.length, 0);
    return length > IN_PLACE_LIMIT ? undefined : formerBytes.subarray(0, length);
  } catch {
    return undefined;
  }
}

/** How long the file of an entry is made. */
export function fileLengthOf(entryBytes: number, { inPlace }: Pick<PutOptions, 'inPlace'>): number {
  if (!inPlace || entryBytes > IN_PLACE_LIMIT) return entryBytes;
  return Math.min(IN_PLACE_LIMIT, Math.ceil(entryBytes / SLACK_STEP) * SLACK_STEP);
}

function withSlack(bytes: Buffer): Buffer {
  const content = Buffer.alloc(fileLengthOf(bytes.length, { inPlace: true }));
  bytes.copy(content);
  return content;
}
