import { errorCode, HoldfastError, quietly } from '../errors.js';
import { O_NONBLOCK, O_RDONLY, syscalls } from '../os/syscalls.js';
import { assertAll, bufferFor, readFully, readFullyAsync, writeFully, writeFullyAsync } from '../os/transfer.js';

/**
 * Up to this many bytes are read and written on the calling thread. Open, read and close take some 2 us where the file
 * is in the page cache; a round trip through libuv's pool takes 110.
 */
export const INLINE_LIMIT = 64 * 1024;

/** A file that does not tell its length is read in pieces of this many bytes. */
const NEXT_PIECE = 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/**
 * Small files are read into it before their length is known. It has one byte more than the limit, which tells a large
 * file from a small one.
 */
let scratch: Buffer | undefined;

/** The content of a file, or `undefined` where there is none. FIFOs, devices and folders are refused without a wait. */
export function readWhole(path: string): Buffer | undefined | Promise<Buffer> {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  let content: Buffer | Promise<Buffer>;
  try {
    regularStats(fd, path);
    content = readOpen(fd, path);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
  if (content instanceof Promise) return closingAfter(fd, content);
  syscalls.close(fd);
  return content;
}

/**
 * The content of an open regular file: at once where it is small, through the thread pool where it is not. It is read
 * until a read gives nothing: a signal may cut a read short, and one more read(2) costs less than fstat(2). Rejects
 * with `ERR_VALUE_TOO_LARGE` where no Buffer can hold the content, and with `EIO` where a large file had fewer bytes
 * than its length promised.
 */
export function readOpen(fd: number, path?: string): Buffer | Promise<Buffer> {
  scratch ??= Buffer.allocUnsafeSlow(INLINE_LIMIT + 1);
  const count = readFully(fd, scratch, 0);
  if (count < scratch.length) return Buffer.from(scratch.subarray(0, count));
  const { size } = syscalls.fstat(fd);
  // Files of /proc have bytes and no length.
  return size < count ? readToEnd(fd, path) : readLarge(fd, size, path);
}

/** The stats of an open file. Throws `ERR_INVALID_ARGUMENT` where it is not a regular one. */
export function regularStats(fd: number, path = 'the file'): { size: number } {
  const stats = syscalls.fstat(fd);
  if (stats.isFile()) return stats;
  const message = `Expected the path of a regular file: ${path} is ${stats.isDirectory() ? 'a directory' : 'not one'}.`;
  throw new HoldfastError('ERR_INVALID_ARGUMENT', message, { path });
}

/** The error of a file that should be there, as node:fs would throw it. */
export function noSuchFile(path: string): Error {
  const error = new Error(`ENOENT: no such file or directory, open '${path}'`);
  return Object.assign(error, { code: 'ENOENT', syscall: 'open', path });
}

/**
 * The first `length` bytes of an open file that has them: at once where these are few, through the thread pool where
 * not.
 */
export function readRange(fd: number, length: number): Buffer | Promise<Buffer> {
  return length <= INLINE_LIMIT ? readRangeNow(fd, length) : readLarge(fd, length);
}

/** {@link readRange} on this thread, whatever the length. */
export function readRangeNow(fd: number, length: number): Buffer {
  if (length === 0) return NOTHING;
  const content = length <= INLINE_LIMIT ? Buffer.allocUnsafe(length) : bufferFor(length);
  assertAll(readFully(fd, content, 0), length);
  return content;
}

async function readLarge(fd: number, size: number, path?: string): Promise<Buffer> {
  const content = bufferFor(size, path);
  assertAll(await readFullyAsync(fd, content, 0), size);
  return content;
}

/** Reads a file whose length says nothing, until a read gives nothing. */
async function readToEnd(fd: number, path?: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for (;;) {
    const piece = bufferFor(NEXT_PIECE, path);
    const count = await readFullyAsync(fd, piece, length);
    pieces.push(piece.subarray(0, count));
    length += count;
    if (count < piece.length) break;
  }
  const content = bufferFor(length, path);
  let end = 0;
  for (const piece of pieces) {
    content.set(piece, end);
    end += piece.length;
  }
  return content;
}

async function closingAfter(fd: number, reading: Promise<Buffer>): Promise<Buffer> {
  let content: Buffer;
  try {
    content = await reading;
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
  syscalls.close(fd);
  return content;
}

/**
 * Writes a range of `data` to the same range of a file: at once where it is small, through the thread pool where it is
 * not.
 */
export function writeRange(fd: number, data: Buffer, from: number, to: number): void | Promise<void> {
  return to - from <= INLINE_LIMIT ? writeRangeNow(fd, data, from, to) : writeFullyAsync(fd, data, from, from, to);
}

/** {@link writeRange} on this thread, whatever the length. */
export function writeRangeNow(fd: number, data: Buffer, from: number, to: number): void {
  writeFully(fd, data, from, from, to);
}
