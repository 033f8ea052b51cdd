import { constants } from 'node:buffer';
import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { replaceSyscalls, type Syscalls, syscalls } from '../../src/os/syscalls.js';

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
  const { read, write, readAsync, writeAsync } = syscalls;
  const isMiddle = (length: number, position: number) => {
    seen.longest = Math.max(seen.longest, length);
    return length <= LONGEST_PRETENDED && position >= EARNEST && position + length <= fileLength - EARNEST;
  };
  const sync =
    (real: Syscalls['read']): Syscalls['read'] =>
    (fd, buffer, offset, length, position) =>
      isMiddle(length, position) ? length : real(fd, buffer, offset, length, position);
  const pooled =
    (real: Syscalls['readAsync']): Syscalls['readAsync'] =>
    async (fd, buffer, offset, length, position) =>
      isMiddle(length, position) ? length : real(fd, buffer, offset, length, position);
  const restore = replaceSyscalls({
    read: sync(read),
    write: sync(write),
    readAsync: pooled(readAsync),
    writeAsync: pooled(writeAsync),
  });
  onTestFinished(restore);
  return seen;
}
