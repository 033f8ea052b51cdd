import { errorCode, HoldfastError, quietly } from '../../errors.js';
import { blockBytes, type FilesystemKind, filesystemKind } from '../../os/filesystem.js';
import { assertMapSupported } from '../../os/mmap.js';
import { absolutePath, parentFolder } from '../../os/paths.js';
import { assertMayKeepCache } from '../../os/permissions.js';
import { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, syscalls } from '../../os/syscalls.js';
import { writeFully } from '../../os/transfer.js';
import { type CachePaths, cachePaths, README_CONTENT, README_FILE, TAG_CONTENT, TAG_FILE } from '../format/index.js';
import { assertIsCacheOrEmpty, beginningOf } from './recognise.js';
import { assertOwnFolder, assertSafePath } from './safe-path.js';

/**
 * File systems where locks or mappings are not the same for all machines, or where a store to a mapped page can fail.
 */
const REFUSED: ReadonlySet<FilesystemKind> = new Set(['nfs', 'smb', '9p', 'fuse', 'ceph', 'zfs', 'bcachefs']);

/** File systems that take a new block for each overwrite: nothing is written in place there. */
const COPY_ON_WRITE: ReadonlySet<FilesystemKind> = new Set(['btrfs']);

/** A directory that a cache can live in. */
export interface CacheDirectory {
  readonly paths: CachePaths;
  /** The same for every path that leads to this directory, through links too. */
  readonly identity: string;
  readonly copyOnWrite: boolean;
  /** The file system's block size. */
  readonly blockBytes: number;
}

/**
 * Makes the directory where it is missing, and refuses it where a cache in it would be unsafe: `ERR_UNSAFE_DIRECTORY`
 * (another user can replace it, or put something into it), `ERR_NOT_A_CACHE` (it holds other things),
 * `ERR_UNSUPPORTED_FILESYSTEM`, `ERR_MAP_UNSUPPORTED`. After these errors no file has been written. `path`: see
 * {@link directoryPath}.
 */
export function prepareDirectory(path: string, mode: number): CacheDirectory {
  assertMayKeepCache(path);
  assertMapSupported();
  if (assertSafePath(path, mode) === 'missing') {
    makeFolders(path, mode);
    assertSafePath(path, mode);
  }
  const kind = filesystemKind(path);
  if (REFUSED.has(kind)) {
    const message = `A cache cannot be shared on ${kind}, at ${path}: locks and mappings there are not the same for all machines. Give each machine a directory on a local disk, and put a shared tier (Redis or Valkey) behind it.`;
    throw new HoldfastError('ERR_UNSUPPORTED_FILESYSTEM', message, { path });
  }
  assertIsCacheOrEmpty(path);
  const paths = cachePaths(path);
  assertOwnFolder(paths.version, mode);
  complete(`${path}/${TAG_FILE}`, TAG_CONTENT);
  complete(`${path}/${README_FILE}`, README_CONTENT);
  makeFolder(paths.version, mode);
  assertOwnFolder(paths.version, mode);
  const copyOnWrite = COPY_ON_WRITE.has(kind);
  return { paths, identity: identityOf(paths.version), copyOnWrite, blockBytes: blockBytes(path) };
}

/** The absolute path of a directory: it stays the same when the process changes its working directory. */
export function directoryPath(directory: string | URL): string {
  return absolutePath(directory).replace(/(?<=.)\/+$/, '');
}

/** Where the folder is removed at this moment, its path identifies it. */
function identityOf(folder: string): string {
  const stats = syscalls.stat(folder);
  return stats === undefined ? folder : `${stats.dev}:${stats.ino}`;
}

function makeFolders(path: string, mode: number): void {
  if (makeFolder(path, mode) || parentFolder(path) === path) return;
  makeFolders(parentFolder(path), mode);
  if (makeFolder(path, mode)) return;
  throw Object.assign(new Error(`ENOENT: no such file or directory, mkdir '${path}'`), {
    code: 'ENOENT',
    syscall: 'mkdir',
    path,
  });
}

/** False if its parent is missing. */
function makeFolder(path: string, mode: number): boolean {
  try {
    syscalls.mkdir(path, mode);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    return code === 'EEXIST';
  }
  return true;
}

/**
 * Writes a file of the cache that is missing, or that a process has begun and not finished. Several processes may do so
 * at once: they write the same bytes to the same places. A file with other content stays as it is.
 */
function complete(path: string, content: string): void {
  const found = beginningOf(path);
  if (found === undefined || found === content || !content.startsWith(found)) return;
  const fd = syscalls.open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
  try {
    writeFully(fd, Buffer.from(content), 0);
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
