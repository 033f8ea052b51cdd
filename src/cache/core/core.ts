import { errorCode } from '../../errors.js';
import { monotonicMs } from '../../os/boot.js';
import { messageOf } from '../../os/realms.js';
import { directoryPath, prepareDirectory } from '../directory/index.js';
import {
  ABSENT,
  closeOpened,
  copied,
  type Found,
  type FoundEntry,
  type OpenEntry,
  putEntry,
  putTemporary,
  readEntry,
  readOrOpenEntry,
  removeEntry,
  SCRATCH_LENGTH,
  type TemporaryEntry,
} from '../disk/index.js';
import { type Era, Eras } from '../era/index.js';
import { type EntryHeader, encodeValue, type Place, placeOf, randomVersion } from '../format/index.js';
import { type EntryBytes, entryBytes } from '../payload/index.js';
import { closedError, SectionRunner, writing } from '../sections/index.js';
import { areCurrent, Counters, type ShardTotals, type Stamps } from '../shared/index.js';
import { entryTimes, type TimeOptions } from './entry-times.js';
import { findLimited, readLarge } from './large-read.js';
import {
  type FileCacheOptions,
  type ResolvedCacheOptions,
  resolveCacheOptions,
  USUAL_INLINE_LIMIT,
} from './options.js';
import { reportDamage, reportLockWait } from './reports.js';
import { UnderWay } from './under-way.js';

/** How one value is stored. */
export interface StoreValueOptions extends TimeOptions {
  readonly stamps?: Stamps<Era>;
}

/** A value ready to be written: the bytes of its entry, and the version that makes it known again. */
export interface EncodedValue {
  readonly bytes: EntryBytes;
  readonly version: bigint;
  /** The era of the generations that its tags carry. `undefined`: it has no tags, and fits any. */
  era: Era | undefined;
}

/** What all parts of a cache work with: options, the store, and the few operations on one entry. The public class is a face over it. */
export class CacheCore {
  readonly options: ResolvedCacheOptions;
  /** Absolute path. */
  readonly directory: string;
  /** The same for all instances on it, by whatever path they came here. */
  readonly identity: string;
  /** Whether small entries are rewritten where they are, and so are read under the shard's lock. */
  readonly inPlace: boolean;
  readonly sections: SectionRunner;
  readonly counters = new Counters();
  readonly #eras: Eras;
  /** Files up to this long are read on this thread: values of `inlineLimit` bytes, with their headers. */
  readonly #inlineLength: number;
  readonly #underWay = new UnderWay();
  readonly #everySecond = new Set<() => void>();
  #closing: Promise<void> | undefined;

  constructor(options: FileCacheOptions) {
    this.options = resolveCacheOptions(options);
    const { strategy, mode, lockTimeoutMs, inlineLimit } = this.options;
    this.#inlineLength = inlineLimit + SCRATCH_LENGTH - USUAL_INLINE_LIMIT;
    this.directory = directoryPath(this.options.directory);
    const prepare = () => prepareDirectory(this.directory, mode);
    const directory = prepare();
    this.identity = directory.identity;
    this.inPlace = strategy === 'flock' && !directory.copyOnWrite;
    this.#eras = new Eras(directory, prepare, { strategy, mode, lockTimeoutMs });
    this.sections = new SectionRunner(this.#eras, {
      lockTimeoutMs,
      directory: this.directory,
      clock: monotonicMs,
      onWait: (waitedMs) => {
        this.counters.lockWaits += 1;
        reportLockWait(this.directory, waitedMs);
      },
      onSecond: () => this.#second(),
    });
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Permissions of files. */
  get fileMode(): number {
    return this.options.mode & 0o666;
  }

  /** Throws `ERR_CACHE_CLOSED`, or `ERR_INVALID_KEY`. */
  place(key: unknown): Place {
    this.assertOpen();
    return placeOf(key);
  }

  assertOpen(): void {
    if (this.closed) throw closedError(this.directory);
  }

  /** Reads an entry from the disk, waiting on this thread. `payload` must be decoded before the next read. */
  findSync(place: Place): Found {
    const read = (era: Era) => readEntry(era, place);
    return this.inPlace ? this.sections.insideSync(place.shard, 'shared', read) : this.sections.outside(read);
  }

  /**
   * The same without holding the event loop up; where the era has ended and the next is not there yet, nothing is found. `use` is called in
   * the same turn in which the entry was read, outside any section.
   * Where no lock has to be waited for that has happened when this returns, and no promise is made. A large payload of another codec than
   * the cache's is given as empty, unless `all` are asked for: nobody could decode it.
   */
  find<T>(place: Place, use: (found: Found) => T, payloads: 'decodable' | 'all' = 'decodable'): T | Promise<T> {
    const codec = payloads === 'all' ? undefined : this.options.codec.name;
    if (this.options.inlineLimit < USUAL_INLINE_LIMIT) return this.whileOpen(findLimited(this, place, codec)).then(use);
    const found = this.inPlace
      ? this.#findInSection(place)
      : (this.sections.outsideNow((era) => readOrOpenEntry(era, place, this.#inlineLength), closeOpened) ?? ABSENT);
    const read = (one: Found | OpenEntry) =>
      one.kind === 'open' ? this.whileOpen(readLarge(one, codec)).then(use) : use(one);
    return found instanceof Promise ? found.then(read) : read(found);
  }

  #findInSection(place: Place): Found | OpenEntry | Promise<Found | OpenEntry> {
    if (this.sections.tryEra() === undefined) return ABSENT;
    let returned = false;
    const found = this.sections.inside(place.shard, 'shared', (era) => {
      const read = readOrOpenEntry(era, place, this.#inlineLength);
      // Other reads may use the buffer again before whoever waits sees it.
      return returned && read.kind === 'entry' ? copied(read.entry) : read;
    });
    returned = true;
    return found;
  }

  /** An entry that may be given out: whole, of this key, not expired. Damage is counted and told. Outside any section. */
  fresh(place: Place, found: Found): FoundEntry | undefined {
    if (found.kind === 'damaged') this.noteDamage(place, found.damage);
    return found.kind === 'entry' && this.isFresh(found.entry.header) ? found.entry : undefined;
  }

  /** Neither expired nor invalidated. */
  isFresh(header: EntryHeader): boolean {
    return header.expiresAt > Date.now() && this.tagsAreCurrent(header);
  }

  /** Not invalidated. */
  tagsAreCurrent({ tags }: EntryHeader): boolean {
    return tags.length === 0 || areCurrent(this.sections.opened.words, tags);
  }

  /**
   * The value of an entry, as an object so that any value can be told from none. Outside any section: codecs are user code, which `run`
   * runs. What that throws is damage, unless it says that the codec's own use of the cache is wrong.
   * Throws `ERR_VALUE_TOO_LARGE` where no Buffer can hold it.
   */
  decode(
    place: Place,
    { header, payload, memory, failure }: FoundEntry,
    run: <T>(work: () => T) => T = (work) => work(),
  ): { readonly value: unknown } | undefined {
    const { codec } = this.options;
    if (header.codec !== codec.name) return undefined;
    if (failure !== undefined) throw failure;
    try {
      return { value: run(() => codec.decode(payload, memory)) };
    } catch (error) {
      if (errorCode(error) === 'ERR_LOCK_CONFLICT') throw error;
      this.noteDamage(place, `the ${codec.name} codec: ${messageOf(error)}`);
      return undefined;
    }
  }

  noteDamage(place: Place, reason: string, path = this.sections.opened.paths.entry(place.shard, place.hash)): void {
    this.counters.damaged += 1;
    reportDamage({ directory: this.directory, key: place.key, path, reason });
  }

  /** Outside any section: codecs are user code. */
  encode(place: Place, value: unknown, options: StoreValueOptions): EncodedValue {
    return this.encodePayload(place, encodeValue(this.options.codec, value), options);
  }

  /** The same of a value that the codec has written. */
  encodePayload(place: Place, payload: Buffer, options: StoreValueOptions): EncodedValue {
    const { codec, inlineLimit } = this.options;
    const header = this.header(place, options);
    const era = header.tags.length === 0 ? undefined : options.stamps?.era;
    return { bytes: entryBytes(header, payload, inlineLimit, codec.lends), version: header.version, era };
  }

  /** The header of a new entry, with times counted from now. */
  header(place: Place, options: StoreValueOptions): Omit<EntryHeader, 'payloadLength'> {
    return {
      key: place.key,
      codec: this.options.codec.name,
      rewritable: this.inPlace && !this.options.flush,
      ...entryTimes(options, this.options.ttlMs),
      version: randomVersion(),
      tags: options.stamps?.tags ?? [],
    };
  }

  /** Steps 2 to 4 of a write. Inside the shard's exclusive section. */
  put(era: Era, place: Place, bytes: Buffer): void {
    this.#write(era, place, () => putEntry(era, place, bytes, { mode: this.fileMode, inPlace: this.inPlace }));
  }

  /** The same for an entry that lies in a temporary file. */
  putTemporary(era: Era, place: Place, temporary: TemporaryEntry): void {
    this.#write(era, place, () => putTemporary(era, place, temporary));
  }

  #write(era: Era, place: Place, work: () => ShardTotals): void {
    writing(era, place, () => {
      const changed = work();
      if (changed.entries !== 0 || changed.bytes !== 0) era.words.totals.add(place.shard, changed);
    });
    this.counters.sets += 1;
  }

  /** Steps 2 to 4 of a delete. Inside the shard's exclusive section. False where there was no file. */
  remove(era: Era, place: Place): boolean {
    return writing(era, place, () => {
      const removed = removeEntry(era, place);
      if (removed === undefined) return false;
      era.words.totals.add(place.shard, removed);
      return true;
    });
  }

  /** Something to be done about once a second; it must not throw. */
  everySecond(task: () => void): void {
    this.#everySecond.add(task);
  }

  /** What is done once a second, now: for a loop that lets no timer run. */
  look(): void {
    this.sections.look();
    this.#second();
  }

  #second(): void {
    this.flushCounters();
    for (const task of this.#everySecond) task();
  }

  /** Adds what this instance has counted to the counts of all processes. Where the era has ended it is kept for the next. Never throws. */
  flushCounters(): void {
    const { opened } = this.sections;
    if (!opened.ended) this.counters.flush(opened.words);
  }

  /** Gives what the work gives; `close` waits for it. For work that outlasts a turn of the event loop and needs the store afterwards. */
  whileOpen<T>(work: Promise<T>): Promise<T> {
    return this.#underWay.add(work);
  }

  /** Waits for what has begun, and for what this process deletes of former eras; each call does, and the first one closes. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#underWay.settled();
    this.flushCounters();
    await this.sections.close();
    await this.#eras.settled();
  }
}
