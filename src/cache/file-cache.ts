import type { Readable, Writable } from 'node:stream';
import type { MappedFile } from '../file/index.js';
import { forEachInTurns } from '../os/turns.js';
import { CacheCore, type FileCacheOptions, invalidateTags, resolveSetOptions, type SetOptions } from './core/index.js';
import { Evictor } from './eviction/index.js';
import type { Loaded, Storable } from './format/index.js';
import { Flights, type GetOrSetOptions, type Load, type LoadContext } from './load/index.js';
import { entries, handOut, handOutLater, type KeptValue, keys, map, Reads, readStream } from './read/index.js';
import type { TypedFileCache } from './typed-cache.js';
import {
  type CacheStats,
  cacheStats,
  type PruneOptions,
  type PruneReport,
  prune,
  type VerifyOptions,
  type VerifyReport,
  verify,
} from './upkeep/index.js';
import {
  type Change,
  placeToWrite,
  set,
  setSync,
  type UpdateOptions,
  update,
  updateSync,
  WriteStreams,
} from './write/index.js';

/** A value with its times, in milliseconds since 1970. */
export interface CacheEntry<V> {
  readonly value: V;
  /** When this value was stored. An `update` stores a new value. */
  readonly createdAt: number;
  /** Absent: it never expires. */
  readonly expiresAt?: number;
}

/**
 * A cache in a directory that many processes share. A stored value is visible to every process when `set` resolves. A
 * read gives a whole value or is a miss. Errors: `ERR_INVALID_KEY`, `ERR_VALUE_NOT_SERIALIZABLE`, `ERR_LOCK_TIMEOUT`,
 * `ERR_CACHE_CLOSED`, and those of the operating system (`ENOSPC`, ...). When a write fails, the old entry stays.
 *
 * *Not* guaranteed: that an entry stays. A cache may be removed at any time, and a miss is always a right answer.
 */
export class FileCache<V = unknown> {
  readonly #core: CacheCore;
  readonly #reads: Reads;
  readonly #flights: Flights;
  readonly #evictor: Evictor;
  readonly #writeStreams: WriteStreams;

  constructor(options: FileCacheOptions<V>) {
    this.#core = new CacheCore(options as FileCacheOptions);
    this.#reads = new Reads(this.#core);
    this.#evictor = new Evictor(this.#core, this.#core.options.limits);
    this.#flights = new Flights(this.#core, this.#reads, this.#evictor);
    this.#writeStreams = new WriteStreams(this.#core, this.#evictor);
  }

  /**
   * The same cache, typed by a schema of its keys and the types of their values. Patterns are keys too:
   * `{ visits: number; [user: `user:${string}`]: User }`. Nothing is checked at run time.
   */
  typed<S extends { [K in keyof S]: V }>(): TypedFileCache<S> {
    return this as unknown as TypedFileCache<S>;
  }

  async get<T extends V = V>(key: string): Promise<T | undefined> {
    const kept = this.#reads.hit(key) ?? (await this.#reads.fill(key));
    return kept === undefined ? undefined : (handOutLater(kept) as T);
  }

  getSync<T extends V = V>(key: string): T | undefined {
    const kept = this.#reads.hit(key) ?? this.#reads.fillSync(key);
    return kept === undefined ? undefined : (handOut(kept) as T);
  }

  async has(key: string): Promise<boolean> {
    return this.#reads.hit(key) !== undefined || this.#reads.has(key);
  }

  hasSync(key: string): boolean {
    return this.#reads.hit(key) !== undefined || this.#reads.hasSync(key);
  }

  /** The value with the times it was stored with. */
  async getEntry<T extends V = V>(key: string): Promise<CacheEntry<T> | undefined> {
    const kept = this.#reads.hit(key) ?? (await this.#reads.fill(key));
    if (kept === undefined) return undefined;
    const value = (kept.copied ? await handOutLater(kept) : kept.value) as T;
    return entryOf(kept, value);
  }

  /**
   * Stores a value. It is visible to every process when this resolves. With the codec `bytes`, a value of more than a
   * mebibyte is read in slices: do not change it before this resolves.
   */
  set(key: string, value: Storable<V>, options: SetOptions = {}): Promise<void> {
    return set(this.#core, this.#evictor, key, value, options);
  }

  /** The same on this thread, which may sleep up to `lockTimeout` for a lock. */
  setSync(key: string, value: Storable<V>, options: SetOptions = {}): void {
    setSync(this.#core, this.#evictor, key, value, options);
  }

  /** Removes an entry, also an expired, invalidated or damaged one. True if `get` would have given its value. */
  async delete(key: string): Promise<boolean> {
    const place = placeToWrite(this.#core, key);
    return (await this.#core.storage.remove(place)) === 'removed';
  }

  deleteSync(key: string): boolean {
    const place = placeToWrite(this.#core, key);
    return this.#core.storage.removeSync(place) === 'removed';
  }

  /**
   * The value of a key. If it is missing, one caller in one process loads it, while the callers in all processes wait.
   * What `load` gives is stored, unless it is `undefined`, or a `set` or `delete` of the key came in between. Each
   * caller gets what a read would give, stored or not. An error rejects all callers that wait in this process, and is
   * not stored. After `undefined`, one of the waiting callers runs its own loader. If the loading process dies, another
   * one loads.
   *
   * Rejects with what `load` throws, the signal's reason, `ERR_VALUE_NOT_SERIALIZABLE`, `ERR_LOCK_TIMEOUT` (another
   * caller loads for longer than `lockTimeout`), `ERR_LOCK_CONFLICT` (`load` asks for its own key, or for one whose
   * load waits for this one), and `ERR_CACHE_CLOSED`. A value that cannot be stored is *not* an error; it is reported
   * on `holdfast:not-stored`.
   */
  getOrSet<T extends Storable<V> | undefined, P extends V = V>(
    key: string,
    load: (context: LoadContext<P>) => T | Promise<T>,
    options: GetOrSetOptions = {},
  ): Promise<Loaded<V, T>> {
    return this.#flights.getOrSet(key, load as Load<unknown>, options) as Promise<Loaded<V, T>>;
  }

  /**
   * Changes a value as one step for all processes. `change` runs again if the entry was changed meanwhile. The entry
   * keeps its tags and its time of expiry, unless `options` say otherwise. See {@link update}.
   */
  update<T extends V = V>(
    key: string,
    change: Change<T, Storable<T> | Promise<Storable<T>>>,
    options?: UpdateOptions,
  ): Promise<T>;
  update<T extends V = V>(
    key: string,
    change: Change<T, Storable<T> | undefined | Promise<Storable<T> | undefined>>,
    options?: UpdateOptions,
  ): Promise<T | undefined>;
  update(key: string, change: Change<V, unknown>, options: UpdateOptions = {}): Promise<unknown> {
    return update(this.#core, this.#evictor, key, change as Change<unknown, unknown>, options);
  }

  updateSync<T extends V = V>(key: string, change: Change<T, Storable<T>>, options?: UpdateOptions): T;
  updateSync<T extends V = V>(
    key: string,
    change: Change<T, Storable<T> | undefined>,
    options?: UpdateOptions,
  ): T | undefined;
  updateSync(key: string, change: Change<V, unknown>, options: UpdateOptions = {}): unknown {
    return updateSync(this.#core, this.#evictor, key, change as Change<unknown, unknown>, options);
  }

  /** The values of those keys that are present. */
  async getMany<T extends V = V>(keys: Iterable<string>): Promise<Map<string, T>> {
    const values = new Map<string, T>();
    await forEachInTurns(keys, async (key) => {
      const kept = this.#reads.hit(key) ?? (await this.#reads.fill(key));
      if (kept !== undefined) values.set(key, (kept.copied ? await handOutLater(kept) : kept.value) as T);
    });
    return values;
  }

  /** Stores many values. Each is visible as soon as it is stored. If one fails, those before it stay. */
  async setMany(entries: Iterable<readonly [string, Storable<V>]>, options: SetOptions = {}): Promise<void> {
    resolveSetOptions(options);
    await forEachInTurns(entries, ([key, value]) => this.set(key, value, options));
  }

  /** Removes many entries. Gives for how many of them `delete` would have given true. */
  async deleteMany(keys: Iterable<string>): Promise<number> {
    let removed = 0;
    await forEachInTurns(keys, async (key) => {
      if (await this.delete(key)) removed += 1;
    });
    return removed;
  }

  /** The keys that are present, each once, while the cache goes on changing. See {@link keys}. */
  keys(): AsyncGenerator<string, void> {
    return keys(this.#core);
  }

  /** Keys and values, each once. See {@link entries}. */
  entries<T extends V = V>(): AsyncGenerator<[string, T], void> {
    return entries(this.#core) as AsyncGenerator<[string, T], void>;
  }

  /** The encoded value in memory, without a copy and without a check of its bytes. See {@link map}. */
  map(key: string): Promise<MappedFile | undefined> {
    return map(this.#core, key);
  }

  /** The encoded value as a stream whose bytes are checked before they are given out. See {@link readStream}. */
  readStream(key: string): Promise<Readable | undefined> {
    return readStream(this.#core, key);
  }

  /**
   * A stream whose bytes are the value of the key once it has finished, and not before. See
   * {@link WriteStreams.create}.
   */
  writeStream(key: string, options: SetOptions = {}): Writable {
    return this.#writeStreams.create(key, options);
  }

  /** Makes every entry with one of the tags a miss, for every process, by the time it resolves. */
  invalidateTags(tags: readonly string[]): Promise<void> {
    return invalidateTags(this.#core, tags);
  }

  /**
   * Ends the era: when this resolves, every entry is gone for every process. The files are deleted in the background.
   */
  async clear(): Promise<void> {
    this.#core.assertOpen();
    await this.#core.whileOpen(this.#core.sections.replace());
  }

  /** Removes expired entries, and what dead processes have left: temporaries, lock files, former eras. In slices. */
  prune(options: PruneOptions = {}): Promise<PruneReport> {
    return prune(this.#core, options);
  }

  /**
   * Checks all bytes of every entry, and the totals. With `repair`, removes what is damaged and corrects the totals.
   */
  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    return verify(this.#core, options);
  }

  /** What the cache holds, and what all processes have counted. */
  stats(): Promise<CacheStats> {
    return cacheStats(this.#core, this.#reads.tierSize);
  }

  /**
   * Idempotent. Aborts loads and write streams, and waits for operations that have begun. It waits for loaders
   * `lockTimeout` at most, and not for those that this call runs inside of.
   */
  async close(): Promise<void> {
    await this.#flights.close();
    await this.#writeStreams.close();
    await this.#evictor.close();
    await this.#core.close();
    this.#reads.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function entryOf<V>({ createdAt, expiresAt }: KeptValue, value: V): CacheEntry<V> {
  return expiresAt === Number.POSITIVE_INFINITY ? { value, createdAt } : { value, createdAt, expiresAt };
}
