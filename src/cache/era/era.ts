import { errorCode, quietly } from '../../errors.js';
import { bootId } from '../../os/boot.js';
import { type Mapping, mapShared } from '../../os/mmap.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, syscalls } from '../../os/syscalls.js';
import { readFully } from '../../os/transfer.js';
import { isOwn } from '../directory/index.js';
import { type EraPaths, eraPaths, SHARDS } from '../format/index.js';
import { BEGINNING_LENGTH, isOfUnknownLayout, SHARED_LAYOUT, SHARED_LENGTH, SharedWords } from '../shared/index.js';

/**
 * Thrown inside the cache when an era has ended or lacks a part. The operation then starts over in the present era.
 * Users never see it.
 */
export class EraEnded extends Error {
  override readonly name = 'EraEnded';
}

/** An open era of a cache: its paths and its words. */
export class Era {
  readonly number: number;
  readonly paths: EraPaths;
  readonly words: SharedWords;
  readonly #mapping: Mapping;
  /** The file `shared` as it was when it was mapped. */
  readonly #identity: { dev: number; ino: number };
  /** The readers of this process that are counted in the words. */
  #readers = 0;
  #closed = false;

  constructor(number: number, paths: EraPaths, mapping: Mapping, identity: { dev: number; ino: number }) {
    this.number = number;
    this.paths = paths;
    this.words = new SharedWords(mapping.bytes);
    this.#mapping = mapping;
    this.#identity = identity;
  }

  /** Also true once this process has closed it. */
  get ended(): boolean {
    return this.#closed || this.words.era !== this.number;
  }

  /** The generation that every tag has when the era begins. */
  get firstGeneration(): number {
    return this.number;
  }

  /** Whether `shared` is still at its path. False after the file or the directory was removed or moved. */
  get stands(): boolean {
    const stats = syscalls.stat(this.paths.shared);
    return stats !== undefined && stats.ino === this.#identity.ino && stats.dev === this.#identity.dev;
  }

  /** To be called when a part of it is missing, foreign or damaged: ends it for all processes. */
  condemn(): never {
    this.words.endEra();
    throw new EraEnded();
  }

  /**
   * To be called before a reader is counted: the words stay mapped until its `release`, even if the era is closed
   * meanwhile.
   */
  hold(): void {
    if (this.#closed) throw new EraEnded();
    this.#readers += 1;
  }

  /** To be called once for each `hold`, when the reader is no longer counted. */
  release(): void {
    this.#readers -= 1;
    this.#unmapUnheld();
  }

  /**
   * Closes the era: this process begins nothing in it any more. The words are unmapped when no reader is counted in
   * them any more.
   */
  close(): void {
    this.#closed = true;
    this.#unmapUnheld();
  }

  #unmapUnheld(): void {
    if (this.#closed && this.#readers === 0) this.#mapping.close();
  }
}

/**
 * Opens the era in this folder. `undefined`: it is not complete, has another number, or has ended. `unknown layout`: it
 * is that era, but its words have the layout of another version.
 */
export function openEra(folder: string, number: number): Era | 'unknown layout' | undefined {
  if (hasUnknownLayout(folder, number)) return 'unknown layout';
  const era = mapEra(folder, number);
  if (era === undefined) return undefined;
  if (era.ended || era.words.layout !== SHARED_LAYOUT) {
    era.close();
    return undefined;
  }
  era.words.noteBoot(bootId(), () => {
    // After a crash of the machine, `shared` and the files may be of different moments.
    for (let shard = 0; shard < SHARDS; shard += 1) {
      era.words.markForRecount(shard);
      era.words.setSpare(shard, 0);
    }
  });
  return era;
}

/** Ends the era in this folder, whatever its number, if it can be mapped. */
export function endEraIn(folder: string): void {
  const era = mapEra(folder, 0);
  if (era === undefined) return;
  era.words.endEra();
  era.close();
}

/** To be called before `shared` is mapped or compared: another layout may have another length. */
function hasUnknownLayout(folder: string, number: number): boolean {
  const fd = openShared(eraPaths(folder).shared, O_RDONLY);
  if (fd === undefined) return false;
  try {
    const beginning = Buffer.alloc(BEGINNING_LENGTH);
    if (!syscalls.fstat(fd).isFile() || readFully(fd, beginning, 0) < BEGINNING_LENGTH) return false;
    return isOfUnknownLayout(beginning, number);
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

/** `undefined` if there is no such file. */
function openShared(path: string, access: number): number | undefined {
  try {
    return syscalls.open(path, access | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EISDIR' || code === 'ENXIO')
      return undefined;
    throw error;
  }
}

function mapEra(folder: string, number: number): Era | undefined {
  const paths = eraPaths(folder);
  const fd = openShared(paths.shared, O_RDWR);
  if (fd === undefined) return undefined;
  try {
    const stats = syscalls.fstat(fd);
    // A shorter file or one with holes must not be mapped. An access beyond the end is SIGBUS, and so is a store to a
    // hole when the disk is full. Nor a file of another user, who can truncate it at any moment.
    if (!stats.isFile() || !isOwn(stats) || stats.size !== SHARED_LENGTH || stats.blocks * 512 < SHARED_LENGTH)
      return undefined;
    return new Era(number, paths, mapShared(fd, SHARED_LENGTH), { dev: stats.dev, ino: stats.ino });
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
