import { errorCode, quietly } from '../errors.js';
import { type FileLock, patience, toFileLock } from '../lock/index.js';
import { assertMapSupported, type Mapping, mapPrivate } from '../os/mmap.js';
import { absolutePath } from '../os/paths.js';
import { O_NONBLOCK, O_RDONLY, syscalls } from '../os/syscalls.js';
import { assertHoldable } from '../os/transfer.js';
import { READ_OPTIONS, type ReadOptions, resolveFileOptions } from './options.js';
import { noSuchFile, regularStats } from './whole-file.js';

/** A file mapped into memory, without a copy. The mapping ends with `close()`, or with an `await using` block. */
export interface MappedFile extends AsyncDisposable {
  /** The data file. */
  readonly path: string;
  /**
   * The content. What you write to it stays in this process: the mapping is private, copy-on-write. After `close()` it
   * reads as zeros; to use it then is a mistake, but never a crash. From 16 MiB on it is a view of a SharedArrayBuffer,
   * which functions of the web platform (`new Response(bytes)`) refuse.
   */
  readonly bytes: Buffer;
  /** Ends the mapping, and releases the lock where the strategy has one. Idempotent. */
  close(): Promise<void>;
}

/**
 * Maps a whole file into memory: the first byte is there at once, whatever the size, and all processes share the pages.
 *
 * Safe only while no program truncates the file: to touch a byte beyond its end is SIGBUS, which nothing in JavaScript
 * can catch. With `flock` (the default) the shared lock is held until `close()`, so writers that lock wait that long.
 * With `rename` or `write-file-atomic` no lock is held, which is safe beside writers that publish. It is *not* safe
 * beside a program that truncates and takes no lock.
 *
 * Rejects with `ERR_MAP_UNSUPPORTED` where koffi is missing, `ENOENT` where there is no file, `ERR_VALUE_TOO_LARGE`
 * where it is longer than a Buffer can be (4 GiB on Node 20), and as {@link lockFile} does.
 */
export async function mapFile(path: string | URL, options: ReadOptions = {}): Promise<MappedFile> {
  const { strategy, wait } = resolveFileOptions(options, READ_OPTIONS, 'flock');
  // Checked here, since not every strategy waits.
  patience(wait);
  assertMapSupported();
  const given = absolutePath(path);
  if (!strategy.readersLock) return mappedFile(given, mapWhole(given), undefined);
  if (syscalls.stat(given) === undefined) throw noSuchFile(given);
  const lock = toFileLock(await strategy.lock(given, 'shared', wait));
  try {
    return mappedFile(lock.path, mapWhole(lock.path), lock);
  } catch (error) {
    await lock.release().catch(() => {});
    throw error;
  }
}

function mappedFile(path: string, mapping: Mapping, lock: FileLock | undefined): MappedFile {
  const file: MappedFile = {
    path,
    bytes: mapping.bytes,
    async close() {
      mapping.close();
      await lock?.release();
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
  return file;
}

function mapWhole(path: string): Mapping {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw noSuchFile(path);
    throw error;
  }
  try {
    const { size } = regularStats(fd, path);
    assertHoldable(size, path);
    return mapPrivate(fd, size);
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
