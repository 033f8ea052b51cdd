import * as fs from 'node:fs';
import { fchmod, fchown, fsync, fsyncAsync, futimes } from './descriptor-calls.js';
import { makeRoom } from './descriptor-room.js';
import { exchange } from './exchange.js';
import { tryFlock, unflock } from './flock.js';
import { setNoCopyOnWrite } from './no-copy-on-write.js';

/** Flags of open(2), so that the layers above need not import node:fs. */
export const {
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW = 0,
  O_NONBLOCK = 0,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  O_DIRECTORY = 0,
} = fs.constants;

/**
 * One call reads or writes at most this much. node:fs takes lengths as 32-bit numbers, and so a read of 2^32 + 5 bytes
 * for one of 5; Linux moves 2^31 - 4096 bytes at most; and while a long call occupies a thread of the pool, all other
 * calls have one thread less.
 */
export const LONGEST_TRANSFER = 8 * 1024 * 1024;

/** No caller gets more with one call. It must expect less in any case: read(2) and write(2) may stop short. */
function capped(length: number): number {
  return length < LONGEST_TRANSFER ? length : LONGEST_TRANSFER;
}

function openThroughPool(path: string, flags: number, mode?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, mode, (error, fd) => (error ? reject(error) : resolve(fd)));
  });
}

/**
 * Every system call that `lock/`, `file/` and `cache/` make, in one table, so that a test can count the calls, and let
 * the n-th one fail or write short. Descriptors come from node:fs, which opens them close-on-exec, and closes those of
 * a worker thread when it is terminated.
 */
const real = {
  open: (path: string, flags: number, mode?: number): number => {
    try {
      return fs.openSync(path, flags, mode);
    } catch (error) {
      makeRoom(error);
      return fs.openSync(path, flags, mode);
    }
  },
  close: (fd: number): void => fs.closeSync(fd),
  fstat: (fd: number): fs.Stats => fs.fstatSync(fd),
  /** `undefined` where the path names nothing. */
  stat: (path: string): fs.Stats | undefined => fs.statSync(path, { throwIfNoEntry: false }),
  /** `undefined` where the path names nothing. Does not follow a symbolic link. */
  lstat: (path: string): fs.Stats | undefined => fs.lstatSync(path, { throwIfNoEntry: false }),
  readlink: (path: string): string => fs.readlinkSync(path),
  read: (fd: number, buffer: Buffer, offset: number, length: number, position: number): number =>
    fs.readSync(fd, buffer, offset, capped(length), position),
  write: (fd: number, buffer: Buffer, offset: number, length: number, position: number): number =>
    fs.writeSync(fd, buffer, offset, capped(length), position),
  /** Through the thread pool: the event loop goes on meanwhile. */
  openAsync: async (path: string, flags: number, mode?: number): Promise<number> => {
    try {
      return await openThroughPool(path, flags, mode);
    } catch (error) {
      makeRoom(error);
      return openThroughPool(path, flags, mode);
    }
  },
  /** Through the thread pool. */
  fstatAsync: (fd: number): Promise<fs.Stats> =>
    new Promise((resolve, reject) => {
      fs.fstat(fd, (error, stats) => (error ? reject(error) : resolve(stats)));
    }),
  /** Through the thread pool. */
  readAsync: (fd: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number> =>
    new Promise((resolve, reject) => {
      fs.read(fd, buffer, offset, capped(length), position, (error, count) => (error ? reject(error) : resolve(count)));
    }),
  /** Through the thread pool. */
  writeAsync: (fd: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number> =>
    new Promise((resolve, reject) => {
      fs.write(fd, buffer, offset, capped(length), position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    }),
  /** Through the thread pool: fsync(2) takes milliseconds. */
  fsyncAsync,
  ftruncate: (fd: number, length: number): void => fs.ftruncateSync(fd, length),
  fchmod,
  fchown,
  futimes,
  rename: (from: string, to: string): void => fs.renameSync(from, to),
  unlink: (path: string): void => fs.unlinkSync(path),
  mkdir: (path: string, mode: number): void => {
    fs.mkdirSync(path, mode);
  },
  rmdir: (path: string): void => fs.rmdirSync(path),
  /** Names in a folder, without `.` and `..`, in no order. */
  readdir: (path: string): string[] => {
    try {
      return fs.readdirSync(path);
    } catch (error) {
      makeRoom(error);
      return fs.readdirSync(path);
    }
  },
  fsync,
  exchange,
  setNoCopyOnWrite,
  tryFlock,
  unflock,
};

export type Syscalls = typeof real;
export type Stats = fs.Stats;

/** The table in force. Read it at each call (`syscalls.open(...)`): a test may have replaced an entry. */
export const syscalls: Syscalls = { ...real };

/** For tests: puts other functions into the table. Returns what puts the former ones back. */
export function replaceSyscalls(replacements: Partial<Syscalls>): () => void {
  const former = { ...syscalls };
  Object.assign(syscalls, replacements);
  return () => {
    Object.assign(syscalls, former);
  };
}
