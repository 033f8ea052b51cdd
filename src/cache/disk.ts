import { constants } from 'node:buffer';
import { errorCode, quietly } from '../errors.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, syscalls } from '../os/syscalls.js';
import {
  type Damage,
  type DecodedHeader,
  decodeHeader,
  decodePayload,
  entryLength,
  headerLengthOf,
  isRewritable,
  LONGEST_KEY,
  LONGEST_TAG,
  MOST_TAGS,
  payloadOffsetFor,
} from './entry.js';
import type { Era } from './era.js';
import { IN_PLACE_LIMIT } from './format.js';
import type { Place } from './key.js';
import { moveAway, publish, temporaryPath, writeTemporary } from './publish.js';
import { noteRead, noteWrite } from './recency.js';
import { writeAll } from './write-all.js';

/**
 * Files up to this long are read with one call, into a buffer that is kept. It holds the longest header there can be (some 80 KiB, nearly
 * all of it key), and so any value of 64 KiB under a key that is not as large itself.
 */
export const SCRATCH_LENGTH = payloadOffsetFor(LONGEST_KEY, MOST_TAGS * (LONGEST_TAG + 5));
/** Lengths that rewritable entries are made with, so that a value which grows a little still fits. */
const SLACK_STEP = 256;

let scratch: Buffer | undefined;

/** An entry as it was found. `payload` may be overwritten by the next read of this thread: decode it at once. */
export interface FoundEntry {
  readonly header: DecodedHeader;
  readonly payload: Buffer;
}

/** What a look at the disk came to. `absent`: no entry, or that of another key with the same hash. */
export type Found =
  | { readonly kind: 'entry'; readonly entry: FoundEntry }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly damage: Damage | 'not a regular file' };

const ABSENT = { kind: 'absent' } as const;

/** An entry whose header has been read, and whose file is open: whoever gets one closes `fd`. */
export interface OpenEntry {
  readonly kind: 'open';
  readonly fd: number;
  /** Of the file, slack and all. */
  readonly fileLength: number;
  readonly header: DecodedHeader;
  /** The beginning of the file. May be overwritten by the next read of this thread. */
  readonly beginning: Buffer;
}

type NoEntry = Exclude<Found, { readonly kind: 'entry' }>;

/** Reads the entry of a key, whole and checked. Only regular files are opened for reading, and no link is followed. */
export function readEntry(era: Era, place: Place): Found {
  const opened = openEntry(era, place);
  return opened.kind === 'open' ? readAndClose(opened) : opened;
}

/** The same, but an entry too large for one short read is given open, to be read elsewhere. Nobody rewrites such a one. */
export function readOrOpenEntry(era: Era, place: Place): Found | OpenEntry {
  const opened = openEntry(era, place);
  return opened.kind === 'open' && opened.fileLength <= SCRATCH_LENGTH ? readAndClose(opened) : opened;
}

/** Opens the entry of a key and reads its header. */
export function openEntry(era: Era, place: Place): OpenEntry | NoEntry {
  let fd: number;
  try {
    fd = syscalls.open(era.paths.entry(place.shard, place.hash), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return ABSENT;
    if (code === 'ELOOP' || code === 'ENXIO' || code === 'EACCES')
      return { kind: 'damaged', damage: 'not a regular file' };
    throw error;
  }
  let opened: OpenEntry | NoEntry | undefined;
  try {
    opened = readHeader(fd, place);
    if (opened.kind === 'open') noteRead(era, place);
    return opened;
  } finally {
    if (opened?.kind !== 'open') quietly(() => syscalls.close(fd));
  }
}

function readHeader(fd: number, place: Place): OpenEntry | NoEntry {
  const stats = syscalls.fstat(fd);
  if (!stats.isFile()) return { kind: 'damaged', damage: 'not a regular file' };
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_LENGTH);
  const beginning = scratch.subarray(0, readUpTo(fd, scratch, 0, Math.min(stats.size, scratch.length)));
  const header = decodeHeader(beginning, stats.size);
  if (!header.ok) return { kind: 'damaged', damage: header.damage };
  if (header.value.key !== place.key) return ABSENT;
  return { kind: 'open', fd, fileLength: stats.size, header: header.value, beginning };
}

function readAndClose(opened: OpenEntry): Found {
  try {
    return readRest(opened);
  } finally {
    quietly(() => syscalls.close(opened.fd));
  }
}

function readRest({ fd, header, beginning }: OpenEntry): Found {
  const length = entryLength(header);
  let bytes = beginning;
  // A sparse file can be as long as it says and hold nothing: what no Buffer can hold was not written as a value.
  if (length > constants.MAX_LENGTH) return { kind: 'damaged', damage: 'impossible length' };
  if (length > beginning.length) {
    // The header has been held against the length of the file: this much is there.
    bytes = Buffer.allocUnsafeSlow(length);
    beginning.copy(bytes);
    bytes = bytes.subarray(0, readUpTo(fd, bytes, beginning.length, length));
  }
  const payload = decodePayload(bytes, header);
  return payload.ok
    ? { kind: 'entry', entry: { header, payload: payload.value } }
    : { kind: 'damaged', damage: payload.damage };
}

/** Fills `bytes` from `from` to `to` with the same range of the file, as far as there is one; gives where it ended. */
function readUpTo(fd: number, bytes: Buffer, from: number, to: number): number {
  let done = from;
  while (done < to) {
    const count = syscalls.read(fd, bytes, done, to - done, done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** How entries are written. */
export interface PutOptions {
  /** Permissions of the files. */
  readonly mode: number;
  /** Whether an entry that says so may be overwritten where it is. */
  readonly inPlace: boolean;
}

/** What a write changed in the totals of its shard. */
export interface Difference {
  readonly entries: number;
  readonly bytes: number;
}

/** Step 3 of a write: makes `bytes` the entry of a key. Inside the shard's exclusive section. */
export function putEntry(era: Era, place: Place, bytes: Buffer, { mode, inPlace }: PutOptions): Difference {
  noteWrite(era, place, bytes);
  const path = era.paths.entry(place.shard, place.hash);
  const small = inPlace && bytes.length <= IN_PLACE_LIMIT;
  if (small && overwrite(path, bytes)) return { entries: 0, bytes: 0 };
  const old = syscalls.lstat(path);
  const temporary = temporaryPath(era, place.shard);
  const content = small ? withSlack(bytes) : bytes;
  writeTemporary(era, temporary, content, mode);
  publish(era, temporary, path, old);
  return difference(old?.isFile() ? old.size : undefined, content.length);
}

/** Publishes a temporary file that was written before. Inside the shard's exclusive section. */
export function putTemporary(era: Era, place: Place, temporary: string, length: number): Difference {
  const path = era.paths.entry(place.shard, place.hash);
  const old = syscalls.lstat(path);
  publish(era, temporary, path, old);
  return difference(old?.isFile() ? old.size : undefined, length);
}

/** Step 3 of a delete. Inside the shard's exclusive section. `undefined`: there was nothing. */
export function removeEntry(era: Era, place: Pick<Place, 'shard' | 'hash'>): Difference | undefined {
  const path = era.paths.entry(place.shard, place.hash);
  const old = syscalls.lstat(path);
  if (old === undefined) return undefined;
  if (!old.isFile()) {
    moveAway(era, path);
    return { entries: 0, bytes: 0 };
  }
  syscalls.unlink(path);
  return { entries: -1, bytes: -old.size };
}

function difference(oldLength: number | undefined, newLength: number): Difference {
  return oldLength === undefined ? { entries: 1, bytes: newLength } : { entries: 0, bytes: newLength - oldLength };
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
    const stats = syscalls.fstat(fd);
    if (!stats.isFile() || stats.size < bytes.length || stats.size > IN_PLACE_LIMIT) return false;
    scratch ??= Buffer.allocUnsafeSlow(SCRATCH_LENGTH);
    const former = scratch.subarray(0, readUpTo(fd, scratch, 0, stats.size));
    if (!headerLengthOf(former, stats.size).ok || !isRewritable(former)) return false;
    try {
      writeAll(fd, bytes);
    } catch (error) {
      quietly(() => writeAll(fd, former));
      throw error;
    }
    return true;
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

function withSlack(bytes: Buffer): Buffer {
  const length = Math.min(IN_PLACE_LIMIT, Math.ceil(bytes.length / SLACK_STEP) * SLACK_STEP);
  const content = Buffer.alloc(length);
  bytes.copy(content);
  return content;
}
