import { fileLengthOf, putEntry, readEntry, readOrOpenEntry, SCRATCH_LENGTH } from '../disk/index.js';
import type { Era } from '../era/index.js';
import type { EntryHeader, Place } from '../format/index.js';
import { FolderEviction, folderUpkeep } from '../shards/index.js';
import {
  ABSENT,
  type Committed,
  type Condition,
  type EncodedValue,
  type Eviction,
  type Found,
  type OpenEntry,
  owned,
  type RemovalOutcome,
  type Staged,
  type Storage,
  type StorageContext,
} from '../storage/index.js';
import { FileWrites } from './file-writes.js';
import { USUAL_INLINE_LIMIT } from './inline-limit.js';
import { findLimited, readLarge } from './large-read.js';
import type { Manner } from './manner.js';
import { StagedFile } from './staged-file.js';

/** A file for each entry, in the folder of its shard. A {@link Manner} says how small entries are read and written. */
export class FileStorage implements Storage {
  readonly rewrites: boolean;
  readonly upkeep = folderUpkeep;
  readonly #context: StorageContext;
  readonly #manner: Manner;
  readonly #writes: FileWrites;
  /** Files up to this long are read on this thread: values of `inlineLimit` bytes, with their headers. */
  readonly #inlineLength: number;

  constructor(context: StorageContext, manner: Manner) {
    const { flush, inlineLimit } = context.options;
    this.#context = context;
    this.#manner = manner;
    this.rewrites = manner.inPlace && !flush;
    this.#inlineLength = inlineLimit + SCRATCH_LENGTH - USUAL_INLINE_LIMIT;
    const putOptions = { mode: context.fileMode, inPlace: manner.inPlace };
    this.#writes = new FileWrites(context, (era, place, bytes) => putEntry(era, place, bytes, putOptions));
  }

  pathOf({ shard, hash }: Place): string {
    return this.#context.sections.opened.paths.entry(shard, hash);
  }

  lengthOf(entryBytes: number): number {
    return fileLengthOf(entryBytes, this.#manner);
  }

  findSync(place: Place): Found {
    return this.#manner.readSync(this.#context.sections, place.shard, (era) => readEntry(era, place));
  }

  find<T>(place: Place, use: (found: Found) => T): T | Promise<T> {
    const context = this.#context;
    if (context.options.inlineLimit < USUAL_INLINE_LIMIT) {
      return context.whileOpen(findLimited(context, this.#manner, place)).then(use);
    }
    const found = this.#readOrOpen(place, (era) => readOrOpenEntry(era, place, this.#inlineLength));
    const read = (one: Found | OpenEntry = ABSENT) =>
      one.kind === 'open' ? context.whileOpen(this.readOpened(one)).then(use) : use(one);
    return found instanceof Promise ? found.then(read) : read(found);
  }

  async open(place: Place, inlineLength?: number): Promise<Found | OpenEntry> {
    const read = (era: Era) => owned(readOrOpenEntry(era, place, inlineLength));
    return (await this.#readOrOpen(place, read)) ?? ABSENT;
  }

  #readOrOpen(place: Place, read: (era: Era) => Found | OpenEntry) {
    return this.#manner.read(this.#context.sections, place.shard, read, owned);
  }

  openInside(era: Era, place: Place): Found | OpenEntry {
    return readOrOpenEntry(era, place);
  }

  readInside(era: Era, place: Place): Found {
    return readEntry(era, place);
  }

  readOpened(opened: OpenEntry): Promise<Found> {
    return readLarge(opened, this.#context.options.codec.name);
  }

  put(place: Place, value: EncodedValue, condition?: Condition): Committed | Promise<Committed> {
    return this.#writes.commit(place, value, condition);
  }

  putSync(place: Place, value: EncodedValue, condition?: Condition): Committed {
    return this.#writes.commitSync(place, value, condition);
  }

  stage(era: Era, place: Place, header: Omit<EntryHeader, 'payloadLength'>): Staged {
    return new StagedFile(this.#context, this.#writes, era, place, header);
  }

  remove(place: Place, condition?: Condition): Promise<RemovalOutcome> {
    return this.#writes.remove(place, condition);
  }

  removeSync(place: Place, condition?: Condition): RemovalOutcome {
    return this.#writes.removeSync(place, condition);
  }

  eviction(): Eviction {
    return new FolderEviction();
  }
}
