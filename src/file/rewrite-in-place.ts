import { errorCode, quietly } from '../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../os/syscalls.js';
import type { Edit, PutOptions } from './strategy.js';
import { INLINE_LIMIT, readOpen, regularStats, writeRange, writeRangeNow } from './whole-file.js';

/**
 * Rewrites the file that stands at `path`, which must be locked against readers and writers. It is never opened with
 * `O_TRUNC`. What goes beyond the old end is written first: where there is no space for it, the file is cut back to its old
 * length and the old content is whole (not so on copy-on-write file systems, where overwriting needs space too).
 *
 * *Not* guaranteed: a whole file after the process was killed in the middle.
 */
export function rewriteInPlace(path: string, data: Buffer, options: PutOptions): void | Promise<void> {
  const fd = openExisting(path);
  return fd === undefined ? create(path, data, options) : overwrite(fd, undefined, data, options);
}

/** The same with a look at the old content first, on one descriptor. */
export function editInPlace(path: string): Edit | Promise<Edit> {
  const fd = openExisting(path);
  if (fd === undefined) {
    return { old: undefined, commit: (data, options) => create(path, data, options), abandon() {} };
  }
  try {
    const old = readOpen(fd);
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

/** Writes and closes: a small file on this thread and at once, a large or flushed one through the pool. */
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
  try {
    if (data.length > oldLength) writeRangeNow(fd, data, oldLength, data.length);
  } catch (error) {
    quietly(() => syscalls.ftruncate(fd, oldLength));
    throw error;
  }
  writeRangeNow(fd, data, 0, Math.min(data.length, oldLength));
  if (data.length < oldLength) syscalls.ftruncate(fd, data.length);
}

async function overwriteLater(fd: number, oldLength: number, data: Buffer, flush: boolean): Promise<void> {
  try {
    await appendLater(fd, oldLength, data);
    await writeRange(fd, data, 0, Math.min(data.length, oldLength));
    if (data.length < oldLength) syscalls.ftruncate(fd, data.length);
    if (flush) await syscalls.fsyncAsync(fd);
  } catch (error) {
    quietly(() => syscalls.close(fd));
    throw error;
  }
  syscalls.close(fd);
}

async function appendLater(fd: number, oldLength: number, data: Buffer): Promise<void> {
  try {
    await writeRange(fd, data, oldLength, data.length);
  } catch (error) {
    quietly(() => syscalls.ftruncate(fd, oldLength));
    throw error;
  }
}

async function create(path: string, data: Buffer, options: PutOptions): Promise<void> {
  const fd = syscalls.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, options.mode ?? 0o666);
  try {
    await overwrite(fd, 0, data, options);
  } catch (error) {
    quietly(() => syscalls.unlink(path));
    throw error;
  }
}

function openExisting(path: string): number | undefined {
  try {
    return syscalls.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
