import { errorCode, HoldfastError, quietly } from '../errors.js';
import { O_NONBLOCK, O_RDONLY, syscalls } from '../os/syscalls.js';

/**
 * Up to this many bytes are read and written on the calling thread. From the page cache open, read and close take some 2 us;
 * a round trip through libuv's pool takes 110.
 */
export const INLINE_LIMIT = 64 * 1024;

/** The content of a file, or `undefined` where there is none. FIFOs, devices and folders are refused, never waited for. */
export async function readWhole(path: string): Promise<Buffer | undefined> {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  let content: Buffer;
  try {
    const { size } = regularStats(fd, path);
    content = size <= INLINE_LIMIT ? readSmall(fd, size) : await readLarge(fd, size);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
  syscalls.close(fd);
  return content;
}

/** The stats of an open file, which must be a regular one. */
export function regularStats(fd: number, path: string): { size: number } {
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

function readSmall(fd: number, size: number): Buffer {
  const content = Buffer.allocUnsafe(size);
  let done = 0;
  while (done < size) {
    const count = syscalls.read(fd, content, done, size - done, done);
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
  return content.subarray(0, done);
}

/**
 * Writes a range of `data` to the same range of a file, every byte of it: write(2) may stop short, on a full disk or after
 * a signal, without saying so.
 */
export async function writeRange(fd: number, data: Buffer, from: number, to: number): Promise<void> {
  let done = from;
  while (done < to) {
    const count =
      to - from <= INLINE_LIMIT
        ? syscalls.write(fd, data, done, to - done, done)
        : await syscalls.writeAsync(fd, data, done, to - done, done);
    if (count === 0) throw Object.assign(new Error('EIO: write wrote nothing'), { code: 'EIO', syscall: 'write' });
    done += count;
  }
}
