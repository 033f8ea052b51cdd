import { errorCode, quietly } from '../../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, type Stats, syscalls } from '../../os/syscalls.js';
import { writeFully } from '../../os/transfer.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';
import { type RecyclingSweeper, type RecyclingWriter, recycling, runRecycling } from '../shared/index.js';
import { discard, moveAway, publish } from './publish.js';

/*
 * What the steps of recycling.ts do with the recycled file of a shard, which has the name `spare`.
 *
 * To make and to delete a file are the two most expensive parts of a write. On ext4 without a journal they take
 * hundreds of microseconds: an inode that was deleted within the last minutes is not used again, and ext4 checks these
 * one by one.
 */

/** Publishes an entry. Inside the shard's exclusive section. Returns the length of the file that it replaced. */
export function publishThroughSpare(era: Era, place: Place, bytes: Buffer, mode: number): number | undefined {
  const writer = new SpareWriter(era, place, bytes, mode);
  try {
    // No step stores such a word, so it was overwritten from outside.
    if (runRecycling(recycling.write, era.words, writer) === 'damaged') era.condemn();
  } catch (error) {
    runRecycling(recycling.abandon, era.words, writer);
    throw error;
  }
  return writer.replacedLength;
}

class SpareWriter implements RecyclingWriter {
  readonly shard: number;
  readonly slot: number;
  former = 0;
  isRead = false;
  file: 'none' | 'open' | 'closed' = 'none';
  published: 'exchanged' | 'renamed' | undefined;
  readonly #era: Era;
  readonly #path: string;
  readonly #entry: string;
  readonly #bytes: Buffer;
  readonly #mode: number;
  #fd = -1;
  /** Of the file at `spare`, before the write. */
  #length = 0;
  #old: Stats | undefined;

  constructor(era: Era, { shard, slot, hash }: Place, bytes: Buffer, mode: number) {
    this.shard = shard;
    this.slot = slot;
    this.#era = era;
    this.#path = era.paths.spare(shard);
    this.#entry = era.paths.entry(shard, hash);
    this.#bytes = bytes;
    this.#mode = mode;
  }

  get oldLength(): number {
    return this.#old?.size ?? 0;
  }

  /** The length of the entry's former file; `undefined` where there was none. */
  get replacedLength(): number | undefined {
    return this.#old?.isFile() ? this.#old.size : undefined;
  }

  /** Opens the recycled file, if it is a regular file with one name, and without permissions beyond `mode`. */
  reopen(): void {
    let fd: number;
    try {
      fd = syscalls.open(this.#path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch {
      return;
    }
    try {
      const stats = syscalls.fstat(fd);
      if (stats.isFile() && stats.nlink === 1 && (stats.mode & 0o777 & ~this.#mode) === 0) {
        this.#opened(fd, stats.size);
        return;
      }
    } catch {
      // A new file is made instead.
    }
    quietly(() => syscalls.close(fd));
  }

  remove(): void {
    discard(this.#path);
  }

  make(): void {
    try {
      this.makeAnew();
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }

  clearAway(): void {
    clearAway(this.#era, this.#path);
  }

  /** A missing folder ends the era: no part of an era is ever made again. */
  makeAnew(): void {
    try {
      this.#opened(syscalls.open(this.#path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, this.#mode), 0);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') this.#era.condemn();
      throw error;
    }
  }

  write(): void {
    writeFully(this.#fd, this.#bytes, 0);
  }

  cut(): void {
    if (this.#length > this.#bytes.length) syscalls.ftruncate(this.#fd, this.#bytes.length);
  }

  close(): void {
    this.file = 'closed';
    syscalls.close(this.#fd);
  }

  lookAtEntry(): void {
    this.#old = syscalls.lstat(this.#entry);
  }

  publish(): void {
    this.published = publish(this.#era, this.#path, this.#entry, this.#old);
  }

  #opened(fd: number, length: number): void {
    this.#fd = fd;
    this.#length = length;
    this.file = 'open';
  }
}

/** Whether a writer was killed and left a file at `spare`. Inside the shard's exclusive section. */
export function isLeftBehind(era: Era, shard: number): boolean {
  return era.words.spare(shard) === 0 && syscalls.lstat(era.paths.spare(shard)) !== undefined;
}

/**
 * Removes the file that a killed writer left at `spare`, if there is one. Returns its length. Inside the shard's
 * exclusive section.
 */
export function sweepSpare(era: Era, shard: number): number | undefined {
  const sweeper = new Sweeper(era, shard);
  runRecycling(recycling.sweep, era.words, sweeper);
  return sweeper.removedLength;
}

/** Removes the recycled file, to free its space. Inside the shard's exclusive section. */
export function giveUpSpare(era: Era, shard: number): void {
  runRecycling(recycling.giveUp, era.words, new Sweeper(era, shard));
}

class Sweeper implements RecyclingSweeper {
  readonly shard: number;
  readonly file = 'none';
  /** `undefined`: nothing was there. */
  removedLength: number | undefined;
  readonly #era: Era;

  constructor(era: Era, shard: number) {
    this.#era = era;
    this.shard = shard;
  }

  clearAway(): void {
    this.removedLength = clearAway(this.#era, this.#era.paths.spare(this.shard));
  }
}

/** Removes a file or folder. Returns its length; `undefined`: the path does not exist. */
function clearAway(era: Era, path: string): number | undefined {
  const stats = syscalls.lstat(path);
  if (stats === undefined) return undefined;
  if (stats.isFile()) syscalls.unlink(path);
  else moveAway(era, path);
  return stats.size;
}
