import { errorCode, HoldfastError, quietly } from '../errors.js';
import { type FilesystemKind, filesystemKind } from '../os/filesystem.js';
import { assertMapSupported } from '../os/mmap.js';
import { absolutePath, parentFolder } from '../os/paths.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, syscalls } from '../os/syscalls.js';
import { type CachePaths, cachePaths, README_CONTENT, README_FILE, TAG_CONTENT, TAG_FILE } from './layout.js';
import { writeAll } from './write-all.js';

/** Where a lock or a mapping does not mean the same to all, or a store to a page can fail. */
const REFUSED: ReadonlySet<FilesystemKind> = new Set(['nfs', 'smb', '9p', 'fuse', 'ceph', 'zfs', 'bcachefs']);

/** Where overwriting a block needs a new one: nothing is written in place there. */
const COPY_ON_WRITE: ReadonlySet<FilesystemKind> = new Set(['btrfs']);

/** A directory that a cache can live in. */
export interface CacheDirectory {
  readonly paths: CachePaths;
  readonly copyOnWrite: boolean;
}

/**
 * Makes the directory where it is missing, and refuses it where a cache in it would be unsafe: `ERR_UNSAFE_DIRECTORY` (somebody else owns
 * it or can write to it, or it is a symbolic link's victim), `ERR_UNSUPPORTED_FILESYSTEM`, `ERR_MAP_UNSUPPORTED`.
 */
export function prepareDirectory(directory: string | URL, mode: number): CacheDirectory {
  assertMapSupported();
  const path = absolutePath(directory).replace(/(?<=.)\/+$/, '');
  makeFolders(path, mode);
  assertSafe(path, mode);
  const kind = filesystemKind(path);
  if (REFUSED.has(kind)) {
    const message = `A cache cannot be shared on ${kind}, at ${path}: locks and mappings there do not mean the same to everybody. Give each machine a directory on a local disk, and put a shared tier (Redis or Valkey) behind it.`;
    throw new HoldfastError('ERR_UNSUPPORTED_FILESYSTEM', message, { path });
  }
  const paths = cachePaths(path);
  makeFolders(paths.version, mode);
  writeOnce(`${path}/${TAG_FILE}`, TAG_CONTENT);
  writeOnce(`${path}/${README_FILE}`, README_CONTENT);
  return { paths, copyOnWrite: COPY_ON_WRITE.has(kind) };
}

function makeFolders(path: string, mode: number): void {
  try {
    syscalls.mkdir(path, mode);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || parentFolder(path) === path) throw error;
    makeFolders(parentFolder(path), mode);
    makeFolders(path, mode);
  }
}

function assertSafe(path: string, mode: number): void {
  const stats = syscalls.stat(path);
  if (stats === undefined || !stats.isDirectory()) {
    throw new HoldfastError('ERR_UNSAFE_DIRECTORY', `${path} is not a directory.`, { path });
  }
  const uid = process.geteuid?.();
  if (uid !== undefined && stats.uid !== uid) {
    const message = `${path} belongs to user ${stats.uid}, and this process runs as ${uid}: whoever owns the directory can put anything into the cache.`;
    throw new HoldfastError('ERR_UNSAFE_DIRECTORY', message, { path });
  }
  const writableByOthers = stats.mode & 0o022 & ~mode;
  if (writableByOthers !== 0) {
    const message = `${path} can be written to by other users (mode ${(stats.mode & 0o777).toString(8)}): whoever can write to the directory can put anything into the cache.`;
    throw new HoldfastError('ERR_UNSAFE_DIRECTORY', message, { path });
  }
}

/** Where it fails there is no file, so that the next one to open the cache writes it. */
function writeOnce(path: string, content: string): void {
  let fd: number;
  try {
    fd = syscalls.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    throw error;
  }
  try {
    writeAll(fd, Buffer.from(content));
  } catch (error) {
    quietly(() => syscalls.unlink(path));
    throw error;
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
