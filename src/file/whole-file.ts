import { errorCode, HoldfastError, quietly } from '../errors.js';
import { O_NONBLOCK, O_RDONLY, syscalls } from '../os/syscalls.js';

/**
 * Up to this many bytes are read and written on the calling thread. From the page cache open, read and close take some 2 us;
 * a round trip through libuv's pool takes 110.
 */
export const INLINE_LIMIT = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** Where small files are read to before their length is known. One byte more than the limit tells a small file from a large one. */
let scratch: Buffer | undefined;

/** The content of a file, or `undefined` where there is none. FIFOs, devices and folders are refused, never waited for. */
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
    content = readOpen(fd);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
  if (content instanceof Promise) return closingAfter(fd, content);
  syscalls.close(fd);
  return content;
}

/**
 * The content of an open regular file: at once where it is small, through the pool where it is not. Read until there is nothing more:
 * a short read may be a signal's doing, and one more read(2) costs less than fstat(2).
 */
export function readOpen(fd: number): Buffer | Promise<Buffer> {
  scratch ??= Buffer.allocUnsafeSlow(INLINE_LIMIT + 1);
  let done = 0;
  while (done < scratch.length) {
    const count = syscalls.read(fd, scratch, done, scratch.length - done, done);
    if (count === 0) return Buffer.from(scratch.subarray(0, done));
    done += count;
  }
  return readLarge(fd, syscalls.fstat(fd).size);
}

/** The stats of an open file, which must be a regular one. */
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

/** The first `length` bytes of an open file, fewer where it is shorter. At once where that is little, through the pool where it is not. */
export function readRange(fd: number, length: number): Buffer | Promise<Buffer> {
  return length <= INLINE_LIMIT ? readRangeNow(fd, length) : readLarge(fd, length);
}

/** The same on this thread, whatever the length. */
export function readRangeNow(fd: number, length: number): Buffer {
  if (length === 0) return NOTHING;
  const content = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = syscalls.read(fd, content, done, length - done, done);
    if (count === 0) break;
    done += count;
  }
  return content.subarray(0, done);
}

async function readLarge(fd: number, size: number): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(size);
  let done = 0;
  while (done < size) {
    const count = await syscalls.readAsync(fd, content, done, size - done, done);
    if (count === 0) break;
    done += count;
  }
  return done === size ? content : content.subarray(0, done);
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
 * Writes a range of `data` to the same range of a file, every byte of it: write(2) may stop short, on a full disk or after
 * a signal, without saying so. At once where the range is small, through the pool where it is not.
 */
export function writeRange(fd: number, data: Buffer, from: number, to: number): void | Promise<void> {
  return to - from <= INLINE_LIMIT ? writeRangeNow(fd, data, from, to) : writeLarge(fd, data, from, to);
}

/** The same on this thread, whatever the length. */
export function writeRangeNow(fd: number, data: Buffer, from: number, to: number): void {
  let done = from;
  while (done < to) done += progress(syscalls.write(fd, data, done, to - done, done));
}

async function writeLarge(fd: number, data: Buffer, from: number, to: number): Promise<void> {
  let done = from;
  while (done < to) done += progress(await syscalls.writeAsync(fd, data, done, to - done, done));
}

/** A write that wrote nothing and gave no error would be tried for ever. */
function progress(count: number): number {
  if (count > 0) return count;
  throw Object.assign(new Error('EIO: write wrote nothing'), { code: 'EIO', syscall: 'write' });
}
