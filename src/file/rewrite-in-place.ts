import { errorCode, quietly } from '../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../os/syscalls.js';
import type { PutOptions } from './strategy.js';
import { regularStats, writeRange } from './whole-file.js';

/**
 * Rewrites the file that stands at `path`, which must be locked against readers and writers. It is never opened with
 * `O_TRUNC`. What goes beyond the old end is written first: where there is no space for it, the file is cut back to its old
 * length and the old content is whole (not so on copy-on-write file systems, where overwriting needs space too).
 *
 * *Not* guaranteed: a whole file after the process was killed in the middle.
 */
export async function rewriteInPlace(path: string, data: Buffer, { mode, flush }: PutOptions): Promise<void> {
  const { fd, created } = openOrCreate(path, mode ?? 0o666);
  try {
    if (mode !== undefined) syscalls.fchmod(fd, mode);
    const oldLength = regularStats(fd, path).size;
    await appendBeyond(fd, data, oldLength);
    await writeRange(fd, data, 0, Math.min(data.length, oldLength));
    if (data.length < oldLength) syscalls.ftruncate(fd, data.length);
    if (flush) await syscalls.fsyncAsync(fd);
  } catch (error) {
    if (created) quietly(() => syscalls.unlink(path));
    quietly(() => syscalls.close(fd));
    throw error;
  }
  syscalls.close(fd);
}

async function appendBeyond(fd: number, data: Buffer, oldLength: number): Promise<void> {
  try {
    await writeRange(fd, data, oldLength, data.length);
  } catch (error) {
    quietly(() => syscalls.ftruncate(fd, oldLength));
    throw error;
  }
}

function openOrCreate(path: string, mode: number): { fd: number; created: boolean } {
  try {
    return { fd: syscalls.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK), created: false };
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return { fd: syscalls.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode), created: true };
}
