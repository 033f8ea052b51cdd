import { HoldfastError } from '../../errors.js';
import { syscalls } from '../../os/syscalls.js';
import { bufferFor, readFully } from '../../os/transfer.js';
import type { Era } from '../era/index.js';
import {
  type DecodedHeader,
  decodeHeader,
  decodePayload,
  entryLength,
  LONGEST_HEADER,
  type Place,
  payloadHolds,
  tableLength,
} from '../format/index.js';
import { tableHolds } from '../payload/index.js';
import { noteRead } from '../shared/index.js';
import { ABSENT, type Found, type NoEntry, type OpenEntry, unheld } from '../storage/index.js';
import { type CountedFile, openCounted } from './counted-file.js';
import { noEntry } from './open-entry-file.js';

/**
 * Files up to this length are read with one call, into a buffer that is used again. It holds the longest possible
 * header (some 80 KiB, nearly all of it the key), and so any value of 64 KiB whose key is not as large itself.
 */
export const SCRATCH_LENGTH = LONGEST_HEADER;

let scratch: Buffer | undefined;

/** Reads all of the entry of a key, and checks it. Only regular files are read, and no link is followed. */
export function readEntry(era: Era, place: Place): Found {
  const found = readOrOpenEntry(era, place);
  if (found.kind !== 'open') return found;
  try {
    return readRest(found);
  } finally {
    found.close();
  }
}

/**
 * The same, but an entry longer than `inlineLength` is returned open, to be read later. An entry larger than a page is
 * never rewritten in place.
 */
export function readOrOpenEntry(era: Era, place: Place, inlineLength = SCRATCH_LENGTH): Found | OpenEntry {
  return reading(era, place, (fd) => {
    const whole = readAtOnce(fd, place, inlineLength);
    if (whole !== undefined) return whole;
    const examined = examine(fd, place);
    return examined.kind === 'open' && examined.fileLength <= inlineLength ? readRest(examined) : examined;
  });
}

/** Reads the entry of a key from an open file, which stays open. */
export function readOpenFile(fd: number, place: Place): Found {
  const examined = examine(fd, place);
  return examined.kind === 'open' ? readRest(examined) : examined;
}

/** Opens the entry of a key and reads its header. */
export function openEntry(era: Era, place: Place): OpenEntry | NoEntry {
  return reading(era, place, (fd) => examine(fd, place));
}

/** An open file with a valid header. */
type Examined = Omit<OpenEntry, 'close'>;

/** Opens an entry, with its reader counted, and runs `work`. Closes the file, unless the result is an open entry. */
function reading<T extends Found>(era: Era, place: Place, work: (fd: number) => T | Examined): T | OpenEntry | NoEntry {
  let file: CountedFile | undefined;
  let opened: CountedFile | undefined;
  try {
    file = openCounted(era, place);
    const found = work(file.fd);
    if (found.kind === 'entry' || found.kind === 'open') noteRead(era, place);
    if (found.kind !== 'open') return found;
    opened = file;
    return { ...found, close: () => opened?.close() };
  } catch (error) {
    return noEntry(error);
  } finally {
    if (opened === undefined) file?.close();
  }
}

/**
 * One read, no fstat(2): a read that stops short has met the end of the file. `undefined`: the read did not stop short,
 * or the bytes are not valid. Then `examine` finds out more.
 */
function readAtOnce(fd: number, place: Place, inlineLength: number): Found | undefined {
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_LENGTH);
  const length = syscalls.read(fd, scratch, 0, scratch.length, 0);
  if (length === scratch.length || length > inlineLength) return undefined;
  const header = decodeHeader(scratch, length, place.key);
  if (!header.ok) return undefined;
  if (header.value.key !== place.key) return ABSENT;
  const payload = decodePayload(scratch, header.value);
  return payload.ok ? { kind: 'entry', entry: { header: header.value, payload: payload.value } } : undefined;
}

function examine(fd: number, place: Place): Examined | NoEntry {
  const stats = syscalls.fstat(fd);
  if (!stats.isFile()) return { kind: 'damaged', damage: 'not a regular file' };
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_LENGTH);
  const beginning = scratch.subarray(0, readFully(fd, scratch, 0, 0, Math.min(stats.size, scratch.length)));
  const header = decodeHeader(beginning, stats.size, place.key);
  if (!header.ok) return { kind: 'damaged', damage: header.damage };
  if (header.value.key !== place.key) return ABSENT;
  return { kind: 'open', fd, fileLength: stats.size, header: header.value, beginning };
}

function readRest({ fd, header, beginning }: Examined): Found {
  if (entryLength(header) > beginning.length) return readLong(fd, header, beginning.subarray(header.payloadOffset));
  const payload = decodePayload(beginning, header);
  return payload.ok
    ? { kind: 'entry', entry: { header, payload: payload.value } }
    : { kind: 'damaged', damage: payload.damage };
}

/**
 * `beginning`: of the payload. The table is checked before memory is allocated: a sparse file can be as long as its
 * header says and hold nothing.
 */
function readLong(fd: number, header: DecodedHeader, beginning: Buffer): Found {
  const { payloadOffset, payloadLength } = header;
  if (!tableHolds(fd, header)) return { kind: 'damaged', damage: 'payload checksum' };
  const payload = payloadMemory(payloadLength);
  if (!Buffer.isBuffer(payload)) return unheld(header, payload);
  const at = Math.min(payloadLength, beginning.length);
  payload.set(beginning.subarray(0, at));
  const table = Buffer.allocUnsafe(tableLength(payloadLength));
  const isThere =
    at + readFully(fd, payload, payloadOffset + at, at) === payloadLength &&
    readFully(fd, table, payloadOffset + payloadLength) === table.length;
  if (!isThere) return { kind: 'damaged', damage: 'payload cut short' };
  return payloadHolds(payload, table, header)
    ? { kind: 'entry', entry: { header, payload, memory: 'own' } }
    : { kind: 'damaged', damage: 'payload checksum' };
}

/** Memory for a payload, or why there is none. */
export function payloadMemory(length: number): Buffer | HoldfastError {
  try {
    return bufferFor(length);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}
