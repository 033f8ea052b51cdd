import { errorCode, quietly } from '../../errors.js';
import { bootId } from '../../os/boot.js';
import { type Mapping, mapShared } from '../../os/mmap.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, syscalls } from '../../os/syscalls.js';
import { readFully } from '../../os/transfer.js';
import { isOwn } from '../directory/index.js';
import { type EraPaths, eraPaths, SHARDS } from '../format/index.js';
import { BEGINNING_LENGTH, isOfUnknownLayout, SHARED_LAYOUT, SHARED_LENGTH, SharedWords } from '../shared/index.js';

/**
 * Thrown inside when an era turns out to be over, or to lack a part: whoever catches it looks for the present era and starts
 * the operation again. Never seen by users.
 */
export class EraEnded extends Error {
  override readonly name = 'EraEnded';
}

/** One era of a cache, open: its paths and its words. */
export class Era {
  readonly number: number;
  readonly paths: EraPaths;
  readonly words: SharedWords;
  readonly #mapping: Mapping;
  /** Which file `shared` was when it was mapped. */
  readonly #identity: { dev: number; ino: number };
  /** Readers of this process that are counted in the words. */
  #readers = 0;
  #closed = false;

  constructor(number: number, paths: EraPaths, mapping: Mapping, identity: { dev: number; ino: number }) {
    this.number = number;
    this.paths = paths;
    this.words = new SharedWords(mapping.bytes);
    this.#mapping = mapping;
    this.#identity = identity;
  }

  /** Also where it was closed here. */
  get ended(): boolean {
    return this.#closed || this.words.era !== this.number;
  }

  /** The generation that every tag has when the era begins. */
  get firstGeneration(): number {
    return this.number;
  }

  /** Whether `shared` still stands at its path. False after the directory was removed or moved away, or the file was. */
  get stands(): boolean {
    const stats = syscalls.stat(this.paths.shared);
    return stats !== undefined && stats.ino === this.#identity.ino && stats.dev === this.#identity.dev;
  }

  /** A part of it is missing, foreign or damaged: it is over for everybody. */
  condemn(): never {
    this.words.endEra();
    throw new EraEnded();
  }

  /** For a reader that is about to be counted: the words stay mapped until its `release`, whatever is closed meanwhile. */
  hold(): void {
    if (this.#closed) throw new EraEnded();
    this.#readers += 1;
  }

  /** Once for each `hold`: the reader has been taken off the count. */
  release(): void {
    this.#readers -= 1;
    this.#unmapUnheld();
  }

  /** Nobody begins anything in it any more. Its words go when no reader needs them: one is taken off where it was counted. */
  close(): void {
    this.#closed = true;
    this.#unmapUnheld();
  }

  #unmapUnheld(): void {
    if (this.#closed && this.#readers === 0) this.#mapping.close();
  }
}

/**
 * Opens the era in this folder, or `undefined` where it is not whole, not the one with this number, or over. `unknown layout`: it is that era,
 * and its words are laid out as another version does it.
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
    // After a crash of the machine the pages of `shared` and the files need not be of the same moment.
    for (let shard = 0; shard < SHARDS; shard += 1) {
      era.words.markForRecount(shard);
      era.words.setSpare(shard, 0);
    }
  });
  return era;
}

/** Ends the era in this folder, whatever its number, if there is one that can be mapped. */
export function endEraIn(folder: string): void {
  const era = mapEra(folder, 0);
  if (era === undefined) return;
  era.words.endEra();
  era.close();
}

/** Looked at before anything is mapped or compared: another layout may have another length. */
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

/** `undefined` where there is no such file. */
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
    // Neither a shorter file nor one with holes may be mapped: touching what lies beyond the end, or storing to a hole when
    // the disk is full, is SIGBUS.
    // Nor one of another user's, who can cut it off at any moment.
    if (!stats.isFile() || !isOwn(stats) || stats.size !== SHARED_LENGTH || stats.blocks * 512 < SHARED_LENGTH)
      return undefined;
    return new Era(number, paths, mapShared(fd, SHARED_LENGTH), { dev: stats.dev, ino: stats.ino });
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
