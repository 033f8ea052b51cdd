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
  /** Of folders; files get its read and write bits. */
  readonly mode: number;
  /** Whether the file system takes a new block for each write, unless it is told not to. */
  readonly copyOnWrite: boolean;
  /** In what the file system gives space (blocks.ts). */
  readonly blockBytes: number;
}

/** A whole era that nobody knows of yet. It is either placed and published, or deleted. */
export interface BuiltEra {
  readonly era: Era;
  /** The name that `format` is to give it. */
  readonly name: string;
  /** Gives it that name. Under the lock of `format`. */
  place(): void;
  /** Where it is now. */
  readonly folder: string;
  /** It is published, or is going to be deleted. */
  done(): void;
}

/**
 * Builds a whole era under a random name that is no era's, so that it needs no lock: nobody opens, ends or counts it. A shared lock on its
 * folder says that its maker lives. It is deleted again where something fails.
 *
 * Every byte of `shared` is written and brought to the disk before it is mapped: to store to a page that the disk has no room for is
 * SIGBUS. Where each write takes a new block that would not be enough: `shared` is made an exception, or the file system is
 * refused (`ERR_UNSUPPORTED_FILESYSTEM`). It comes first, since fsync(2) waits for whatever the file system's journal holds at that
 * moment, and half a thousand new names are not to be among it.
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

/** The era that it gives has the paths that it will have. */
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

/** Before the first byte is written: later the flag has no effect. */
function overwriteInPlace(fd: number, path: string): void {
  try {
    syscalls.setNoCopyOnWrite(fd);
  } catch (cause) {
    const message = `A cache cannot be shared at ${path}: the file system takes a new block for each write, and cannot be told to leave this file where it is (chattr +C), so a full disk would kill whoever writes to it. Give the cache a directory on another file system.`;
    throw new HoldfastError('ERR_UNSUPPORTED_FILESYSTEM', message, { path, syscall: 'ioctl', cause });
  }
}

/** A number for a new era: 31 random bits, never 0. So many are an integer to V8, which a hit compares without a load from the heap. */
function newEraNumber(): number {
  return randomBytes(4).readUInt32LE(0) >>> 1 || 1;
}
