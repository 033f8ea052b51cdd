import { randomBytes } from 'node:crypto';
import { HoldfastError, quietly } from '../../errors.js';
import { bootId } from '../../os/boot.js';
import { mapShared } from '../../os/mmap.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, syscalls } from '../../os/syscalls.js';
import { writeFully } from '../../os/transfer.js';
import { type CachePaths, ERA_PREFIX, type EraPaths, eraPaths, NEW_PREFIX, SHARDS } from '../format/index.js';
import { SHARED_LENGTH, SharedWords } from '../shared/index.js';
import { Era } from './era.js';
import { lockFolder } from './remove-tree.js';
import type { Waiting } from './waiting.js';

/** How the files of an era are made. */
export interface EraBuild {
  /** The mode of folders. Files get its bits for reading and writing. */
  readonly mode: number;
  /** Whether the file system takes a new block for each overwrite, unless the file has a flag against it. */
  readonly copyOnWrite: boolean;
  /** The file system's block size (blocks.ts). */
  readonly blockBytes: number;
}

/** A complete era that no other process knows of yet. It will be placed and published, or deleted. */
export interface BuiltEra {
  readonly era: Era;
  /** The name of its folder, and in `format`, once it is published. */
  readonly name: string;
  /** Gives its folder that name. Under the lock of `format`. */
  place(): void;
  /** Where it is now. */
  readonly folder: string;
  /** To be called when it has been published, or is about to be deleted. */
  done(): void;
}

/**
 * Builds a complete era. Until it is placed, its folder has a name that is not an era's. So no process opens, ends or
 * counts it, and it needs no lock. A shared lock on the folder shows that its maker lives. If anything fails, the
 * folder is deleted.
 *
 * Every byte of `shared` is written and flushed before it is mapped: a store to a page that the disk has no room for is
 * SIGBUS. On a copy-on-write file system that is not enough. There `shared` gets the flag against it, or the file
 * system is refused (`ERR_UNSUPPORTED_FILESYSTEM`). `shared` is made before the folders, since fsync(2) waits for all
 * that the file system's journal holds, and five hundred new names would be in it.
 */
export function* buildEra({ version }: CachePaths, build: EraBuild): Waiting<BuiltEra> {
  const random = randomBytes(8).toString('hex');
  const name = `${ERA_PREFIX}${random}`;
  let folder = `${version}/${NEW_PREFIX}${random}`;
  syscalls.mkdir(folder, build.mode);
  const mark = lockFolder(folder, 'shared');
  const done = () => {
    if (mark !== undefined) quietly(() => syscalls.close(mark));
  };
  let era: Era | undefined;
  try {
    era = yield* buildShared(folder, `${version}/${name}`, build);
    yield* buildFolders(eraPaths(folder), build.mode);
  } catch (error) {
    era?.close();
    done();
    yield { kind: 'removal', folder };
    throw error;
  }
  return {
    era,
    name,
    get folder() {
      return folder;
    },
    place() {
      syscalls.rename(folder, `${version}/${name}`);
      folder = `${version}/${name}`;
    },
    done,
  };
}

function* buildFolders(paths: EraPaths, mode: number): Waiting<void> {
  for (const path of [paths.data, paths.flights, paths.trash]) syscalls.mkdir(path, mode);
  for (let shard = 0; shard < SHARDS; shard += 1) {
    syscalls.mkdir(paths.shardFolder(shard), mode);
    syscalls.close(syscalls.open(paths.shardLock(shard), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o666));
    yield { kind: 'turn' };
  }
}

/** The era has the paths of its final folder already. */
function* buildShared(folder: string, finalFolder: string, { mode, copyOnWrite, blockBytes }: EraBuild): Waiting<Era> {
  const number = newEraNumber();
  const content = Buffer.alloc(SHARED_LENGTH);
  new SharedWords(content).initialise(number, bootId(), blockBytes);
  const { shared } = eraPaths(folder);
  const fd = syscalls.open(shared, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o666);
  try {
    if (copyOnWrite) overwriteInPlace(fd, shared);
    writeFully(fd, content, 0);
    yield { kind: 'flush', fd };
    const { dev, ino } = syscalls.fstat(fd);
    return new Era(number, eraPaths(finalFolder), mapShared(fd, SHARED_LENGTH), { dev, ino });
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

/** To be called before the first byte is written: later the flag has no effect. */
function overwriteInPlace(fd: number, path: string): void {
  try {
    syscalls.setNoCopyOnWrite(fd);
  } catch (cause) {
    const message = `A cache cannot be shared at ${path}: the file system takes a new block for each write, and cannot be told to leave this file where it is (chattr +C), so a full disk would kill each process that writes to it. Give the cache a directory on another file system.`;
    throw new HoldfastError('ERR_UNSUPPORTED_FILESYSTEM', message, { path, syscall: 'ioctl', cause });
  }
}

/**
 * A number for a new era: 31 random bits, never 0. V8 keeps such a number as a small integer, so a hit compares it
 * without a load from the heap.
 */
function newEraNumber(): number {
  return randomBytes(4).readUInt32LE(0) >>> 1 || 1;
}
