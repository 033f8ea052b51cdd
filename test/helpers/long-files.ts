import { constants } from 'node:buffer';
import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { replaceSyscalls, syscalls } from '../../src/os/syscalls.js';

/** More than 2 GiB, and more than 4 where a Buffer can be that long. */
export const LONG = constants.MAX_LENGTH > 2 ** 33 ? 2 ** 32 + 100_000 : 2 ** 31 + 100_000;

/** So much at either end of a file is moved in earnest. */
const EARNEST = 1024 * 1024;
/** A call for more than this is made as it is, whatever comes of it. */
const LONGEST_PRETENDED = 64 * 1024 * 1024;

/** A sparse file of this length that ends with this text. */
export function makeSparse(path: string, length: number, end: string): void {
  const fd = openSync(path, 'w');
  ftruncateSync(fd, length);
  writeSync(fd, end, length - end.length);
  closeSync(fd);
}

/** The length of a file, and its last bytes as text. */
export function endOf(path: string, count: number): [number, string] {
  const { size } = statSync(path);
  const fd = openSync(path, 'r');
  const bytes = Buffer.alloc(count);
  readSync(fd, bytes, 0, count, size - count);
  closeSync(fd);
  return [size, bytes.toString('latin1')];
}

/**
 * Until the test ends: reads and writes that lie in the middle of a file of this length, and ask for no more than a
 * call should, are counted as done and not made. So a Buffer of gigabytes stays address space that nobody has touched.
 * Gives the longest length that was asked for.
 */
export function passingOver(fileLength: number): { longest: number } {
  const seen = { longest: 0 };
  const real = { ...syscalls };
  const isMiddle = (length: number, position: number) => {
    seen.longest = Math.max(seen.longest, length);
    return length <= LONGEST_PRETENDED && position >= EARNEST && position + length <= fileLength - EARNEST;
  };
  const read = (buffer: Buffer, offset: number, length: number): number => {
    // A sparse file holds zeros. Memory of this length is new, and holds them without being touched.
    if (buffer.buffer.byteLength < LONGEST_PRETENDED) buffer.fill(0, offset, offset + length);
    return length;
  };
  const restore = replaceSyscalls({
    read: (fd, buffer, offset, length, position) =>
      isMiddle(length, position) ? read(buffer, offset, length) : real.read(fd, buffer, offset, length, position),
    readAsync: async (fd, buffer, offset, length, position) =>
      isMiddle(length, position) ? read(buffer, offset, length) : real.readAsync(fd, buffer, offset, length, position),
    write: (fd, buffer, offset, length, position) =>
      isMiddle(length, position) ? length : real.write(fd, buffer, offset, length, position),
    writeAsync: async (fd, buffer, offset, length, position) =>
      isMiddle(length, position) ? length : real.writeAsync(fd, buffer, offset, length, position),
  });
  onTestFinished(restore);
  return seen;
}
