import { errorCode, quietly } from '../errors.js';
import { parentFolder } from '../os/paths.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../os/syscalls.js';
import type { Edit, PutOptions } from './strategy.js';
import { syncFolder } from './sync-folder.js';
import {
  INLINE_LIMIT,
  readOpen,
  readRange,
  readRangeNow,
  regularStats,
  writeRange,
  writeRangeNow,
} from './whole-file.js';

/**
 * Rewrites the file at `path`. The caller must hold the lock that excludes readers and writers.
 *
 * The file is never opened with `O_TRUNC`. The part beyond the old end is written first, since only that needs space.
 * Where a step fails, the file is cut to its old length and gets back the bytes that were overwritten: the old content
 * is whole.
 *
 * *Not* guaranteed: a whole file after the process was killed in the middle, or after a disk failed in the middle of
 * one write. On copy-on-write file systems overwriting needs space too.
 */
export function rewriteInPlace(path: string, data: Buffer, options: PutOptions): void | Promise<void> {
  const fd = openExisting(path);
  return fd === undefined ? create(path, data, options) : overwrite(fd, undefined, data, options);
}

/** Reads the old content first, and rewrites the file on the same descriptor. The caller must hold the same lock. */
export function editInPlace(path: string): Edit | Promise<Edit> {
  const fd = openExisting(path);
  if (fd === undefined) {
    return { old: undefined, commit: (data, options) => create(path, data, options), abandon() {} };
  }
  try {
    const old = readOpen(fd, path);
    return old instanceof Promise ? editLater(fd, old) : edit(fd, old);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
}

function edit(fd: number, old: Buffer): Edit {
  return {
    old,
    commit: (data, options) => overwrite(fd, old.length, data, options),
    abandon: () => quietly(() => syscalls.close(fd)),
  };
}

async function editLater(fd: number, reading: Promise<Buffer>): Promise<Edit> {
  try {
    return edit(fd, await reading);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
}

/** Writes and closes: on this thread where the data is small, through the thread pool where it is large or flushed. */
function overwrite(
  fd: number,
  knownLength: number | undefined,
  data: Buffer,
  options: PutOptions,
): void | Promise<void> {
  let length: number;
  try {
    length = knownLength ?? regularStats(fd).size;
    if (options.mode !== undefined) syscalls.fchmod(fd, options.mode);
    if (data.length > INLINE_LIMIT || options.flush) return overwriteLater(fd, length, data, options.flush);
    overwriteNow(fd, length, data);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
  syscalls.close(fd);
}

function overwriteNow(fd: number, oldLength: number, data: Buffer): void {
  const overwritten = Math.min(data.length, oldLength);
  // A copy is needed only where ftruncate(2) may fail after the bytes have changed.
  const former = readRangeNow(fd, data.length < oldLength ? overwritten : 0);
  try {
    writeRangeNow(fd, data, oldLength, data.length);
    writeRangeNow(fd, data, 0, overwritten);
    if (data.length < oldLength) syscalls.ftruncate(fd, data.length);
  } catch (error) {
    putBack(fd, former, oldLength);
    throw error;
  }
}

async function overwriteLater(fd: number, oldLength: number, data: Buffer, flush: boolean): Promise<void> {
  try {
    const overwritten = Math.min(data.length, oldLength);
    const former = await readRange(fd, data.length < oldLength ? overwritten : 0);
    try {
      await writeRange(fd, data, oldLength, data.length);
      await writeRange(fd, data, 0, overwritten);
      if (data.length < oldLength) syscalls.ftruncate(fd, data.length);
    } catch (error) {
      putBack(fd, former, oldLength);
      throw error;
    }
    if (flush) await syscalls.fsyncAsync(fd);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
  syscalls.close(fd);
}

/** `former` was read from the file, and is not `old` of the edit: the user's function may have changed that buffer. */
function putBack(fd: number, former: Buffer, oldLength: number): void {
  quietly(() => writeRangeNow(fd, former, 0, former.length));
  quietly(() => syscalls.ftruncate(fd, oldLength));
}

async function create(path: string, data: Buffer, options: PutOptions): Promise<void> {
  const fd = syscalls.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, options.mode ?? 0o666);
  try {
    await overwrite(fd, 0, data, options);
  } catch (error) {
    quietly(() => syscalls.unlink(path));
    throw error;
  }
  if (options.flush) await syncFolder(parentFolder(path));
}

function openExisting(path: string): number | undefined {
  try {
    return syscalls.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
