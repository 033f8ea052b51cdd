import type { SetOptions } from './core/index.js';
import type { CacheEntry, FileCache } from './file-cache.js';
import type { Storable } from './format/index.js';
import type { GetOrSetOptions, LoadContext } from './load/index.js';
import type { UpdateOptions } from './write/index.js';

/** The keys of a schema: names, and patterns such as `user:${string}`. */
export type KeyOf<S> = keyof S & string;
/** The type of the value of a key. An optional property is like any other, since any key may be a miss. */
export type ValueOf<S, K extends keyof S> = Exclude<S[K], undefined>;

type Old<S, K extends keyof S> = ValueOf<S, K> | undefined;
type New<S, K extends keyof S> = Storable<ValueOf<S, K>>;
type EntriesOf<S> = Iterable<{ [K in KeyOf<S>]: readonly [K, New<S, K>] }[KeyOf<S>]>;

/** The methods whose types depend on the key. */
type Keyed =
  | ('get' | 'getSync' | 'getEntry' | 'getMany' | 'getOrSet' | 'has' | 'hasSync' | 'keys' | 'entries')
  | ('set' | 'setSync' | 'setMany' | 'update' | 'updateSync' | 'delete' | 'deleteSync' | 'deleteMany')
  | ('map' | 'readStream' | 'writeStream');

/** A FileCache, seen through a schema of its keys: the same object with narrower types. See {@link FileCache.typed}. */
export interface TypedFileCache<S> extends Omit<FileCache, Keyed> {
  get<K extends KeyOf<S>>(key: K): Promise<ValueOf<S, K> | undefined>;
  getSync<K extends KeyOf<S>>(key: K): ValueOf<S, K> | undefined;
  getEntry<K extends KeyOf<S>>(key: K): Promise<CacheEntry<ValueOf<S, K>> | undefined>;
  getMany<K extends KeyOf<S>>(keys: Iterable<K>): Promise<Map<K, ValueOf<S, K>>>;
  has(key: KeyOf<S>): Promise<boolean>;
  hasSync(key: KeyOf<S>): boolean;
  keys(): AsyncGenerator<KeyOf<S>, void>;
  entries(): AsyncGenerator<[KeyOf<S>, ValueOf<S, KeyOf<S>>], void>;
  set<K extends KeyOf<S>>(key: K, value: New<S, K>, options?: SetOptions): Promise<void>;
  setSync<K extends KeyOf<S>>(key: K, value: New<S, K>, options?: SetOptions): void;
  setMany(entries: EntriesOf<S>, options?: SetOptions): Promise<void>;
  getOrSet<K extends KeyOf<S>, T extends New<S, K> | undefined>(
    key: K,
    load: (context: LoadContext<ValueOf<S, K>>) => T | Promise<T>,
    options?: GetOrSetOptions,
  ): Promise<ValueOf<S, K> | Extract<T, undefined>>;
  update<K extends KeyOf<S>>(
    key: K,
    change: (old: Old<S, K>) => New<S, K> | Promise<New<S, K>>,
    options?: UpdateOptions,
  ): Promise<ValueOf<S, K>>;
  update<K extends KeyOf<S>>(
    key: K,
    change: (old: Old<S, K>) => New<S, K> | undefined | Promise<New<S, K> | undefined>,
    options?: UpdateOptions,
  ): Promise<ValueOf<S, K> | undefined>;
  updateSync<K extends KeyOf<S>>(key: K, change: (old: Old<S, K>) => New<S, K>, options?: UpdateOptions): ValueOf<S, K>;
  updateSync<K extends KeyOf<S>>(
    key: K,
    change: (old: Old<S, K>) => New<S, K> | undefined,
    options?: UpdateOptions,
  ): ValueOf<S, K> | undefined;
  delete(key: KeyOf<S>): Promise<boolean>;
  deleteSync(key: KeyOf<S>): boolean;
  deleteMany(keys: Iterable<KeyOf<S>>): Promise<number>;
  map(key: KeyOf<S>): ReturnType<FileCache['map']>;
  readStream(key: KeyOf<S>): ReturnType<FileCache['readStream']>;
  writeStream(key: KeyOf<S>, options?: SetOptions): ReturnType<FileCache['writeStream']>;
}
