import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { FileCacheOptions } from '../../src/cache/core/options.js';
import { FileCache } from '../../src/cache/file-cache.js';

/** An operation of a cache, what it is tried on, and what it makes of it. */
export interface CacheOperation {
  readonly name: string;
  /** The value of `key` before; none where it is absent. */
  readonly before?: string;
  /** The value of `key` when it has succeeded. */
  readonly after?: string;
  run(cache: FileCache<string>): unknown;
  /** What it gives when it has succeeded; none where that says nothing. */
  readonly gives?: unknown;
  /** It gives its value also where that could not be stored. */
  readonly givesAnyway?: true;
  /** Makes what it is to work on, beside `key`. */
  prepare?(cache: FileCache<string>): void;
  /** What a stream writes is bytes, whatever the codec of the cache. Default `text`. */
  readonly codec?: 'bytes';
  /** Makes the same calls under either strategy: in `npm test` it is tried under `rename`. */
  readonly alike?: true;
  /** What the cache may hold while it runs. */
  readonly limits?: Pick<FileCacheOptions, 'maxEntries' | 'maxBytes'>;
  /** Whether the other key goes too. */
  readonly removesOthers?: true;
}

/** The key that operations work on, and one that they leave alone. */
export const KEY = 'key';
export const OTHER = 'other';
const ANOTHER = 'another';
export const KEYS = [KEY, OTHER, ANOTHER];

const OLD = 'an old value';
const NEW = 'a new value';
/** More than a page, so that it is published under either strategy. */
const OLD_LARGE = 'old '.repeat(2_000);
const LARGE = 'new '.repeat(2_000);
/** More than one read. */
const OLD_HUGE = 'old '.repeat(50_000);
const HUGE = 'new '.repeat(50_000);

/** One line for each operation: in place under `flock` where old and new are small, published everywhere else. */
export const OPERATIONS: readonly CacheOperation[] = [
  { name: 'set, new key', after: NEW, run: (cache) => cache.set(KEY, NEW) },
  { name: 'set, small over small', before: OLD, after: NEW, run: (cache) => cache.set(KEY, NEW) },
  { name: 'set, large over small', before: OLD, after: LARGE, run: (cache) => cache.set(KEY, LARGE) },
  { name: 'set, small over large', before: OLD_LARGE, after: NEW, run: (cache) => cache.set(KEY, NEW) },
  { name: 'set, huge over huge', alike: true, before: OLD_HUGE, after: HUGE, run: (cache) => cache.set(KEY, HUGE) },
  {
    name: 'set, new key in a full cache',
    after: NEW,
    limits: { maxEntries: 1 },
    removesOthers: true,
    run: (cache) => cache.set(KEY, NEW),
  },
  {
    name: 'set over another in a cache with no room for a spare file',
    before: OLD_LARGE,
    after: LARGE,
    limits: { maxBytes: 20_480 },
    removesOthers: true,
    run: (cache) => cache.set(KEY, LARGE),
  },
  { name: 'setSync, new key', after: NEW, run: (cache) => cache.setSync(KEY, NEW) },
  { name: 'setSync, small over small', before: OLD, after: NEW, run: (cache) => cache.setSync(KEY, NEW) },
  { name: 'get', before: OLD, after: OLD, gives: OLD, run: (cache) => cache.get(KEY) },
  { name: 'get of a huge one', before: OLD_HUGE, after: OLD_HUGE, gives: OLD_HUGE, run: (cache) => cache.get(KEY) },
  { name: 'getSync', before: OLD, after: OLD, gives: OLD, run: (cache) => cache.getSync(KEY) },
  { name: 'delete', before: OLD, gives: true, run: (cache) => cache.delete(KEY) },
  { name: 'delete of none', gives: false, run: (cache) => cache.delete(KEY) },
  { name: 'deleteSync', before: OLD_LARGE, gives: true, run: (cache) => cache.deleteSync(KEY) },
  { name: 'getOrSet, a hit', before: OLD, after: OLD, gives: OLD, run: (cache) => cache.getOrSet(KEY, () => NEW) },
  {
    name: 'getOrSet, a load',
    after: NEW,
    gives: NEW,
    givesAnyway: true,
    run: (cache) => cache.getOrSet(KEY, () => NEW),
  },
  {
    name: 'getOrSet, a large load',
    after: LARGE,
    gives: LARGE,
    givesAnyway: true,
    run: (cache) => cache.getOrSet(KEY, () => LARGE),
  },
  { name: 'update', before: OLD, after: NEW, gives: NEW, run: (cache) => cache.update(KEY, (old) => old && NEW) },
  { name: 'update, new key', after: NEW, gives: NEW, run: (cache) => cache.update(KEY, (old) => old ?? NEW) },
  { name: 'update that removes', before: OLD, run: (cache) => cache.update(KEY, () => undefined) },
  { name: 'updateSync', before: OLD, after: LARGE, gives: LARGE, run: (cache) => cache.updateSync(KEY, () => LARGE) },
  { name: 'writeStream, new key', alike: true, codec: 'bytes', after: HUGE, run: (cache) => stream(cache, HUGE) },
  {
    name: 'writeStream over a small one',
    alike: true,
    codec: 'bytes',
    before: OLD,
    after: HUGE,
    run: (cache) => stream(cache, HUGE),
  },
  {
    name: 'writeStream, little',
    alike: true,
    codec: 'bytes',
    before: OLD_LARGE,
    after: NEW,
    run: (cache) => stream(cache, NEW),
  },
  { name: 'writeStream that is destroyed', alike: true, codec: 'bytes', before: OLD, after: OLD, run: abandonStream },
  { name: 'readStream', before: OLD_HUGE, after: OLD_HUGE, gives: OLD_HUGE, run: readStream },
  { name: 'map', before: OLD_LARGE, after: OLD_LARGE, gives: OLD_LARGE, run: map },
  { name: 'setMany', before: OLD, after: NEW, run: (cache) => cache.setMany([[KEY, NEW]]) },
  { name: 'keys', alike: true, before: OLD, after: OLD, run: listKeys },
  { name: 'invalidateTags', alike: true, before: OLD, after: OLD, run: (cache) => cache.invalidateTags(['a tag']) },
  { name: 'clear', alike: true, before: OLD, removesOthers: true, run: (cache) => cache.clear() },
  { name: 'prune', alike: true, before: OLD, after: OLD, prepare: expire, run: (cache) => cache.prune() },
  {
    name: 'verify with repair',
    alike: true,
    before: OLD,
    after: OLD,
    prepare: expire,
    run: (cache) => cache.verify({ repair: true }),
  },
];

async function stream(cache: FileCache<string>, value: string): Promise<void> {
  await pipeline(Readable.from(pieces(value)), cache.writeStream(KEY));
}

/** In pieces of 10,000 characters. */
function* pieces(value: string): Generator<Buffer> {
  for (let at = 0; at < value.length; at += 10_000) yield Buffer.from(value.slice(at, at + 10_000));
}

async function abandonStream(cache: FileCache<string>): Promise<void> {
  const writing = cache.writeStream(KEY);
  const closed = once(writing, 'close');
  writing.on('error', () => {});
  writing.write(HUGE);
  writing.destroy();
  await closed;
}

async function readStream(cache: FileCache<string>): Promise<string | undefined> {
  const reading = await cache.readStream(KEY);
  return reading === undefined ? undefined : text(reading);
}

async function listKeys(cache: FileCache<string>): Promise<void> {
  for await (const _ of cache.keys()) {
    // Each key is a name and a header that were read.
  }
}

async function map(cache: FileCache<string>): Promise<string | undefined> {
  const mapped = await cache.map(KEY);
  const value = mapped?.bytes.toString();
  await mapped?.close();
  return value;
}

function expire(cache: FileCache<string>): void {
  cache.setSync(ANOTHER, 'expired', { ttl: 0 });
}

/** A cache of texts, or of their bytes. It must be closed. */
export function openCache(
  directory: string,
  strategy: FileCacheOptions['strategy'],
  codec: CacheOperation['codec'] | 'text' = 'text',
  limits: CacheOperation['limits'] = {},
): FileCache<string> {
  if (codec === 'bytes') return new BytesOfTexts({ directory, strategy, codec, ...limits });
  return new FileCache<string>({ directory, strategy, codec, ...limits });
}

/** Texts in a cache of bytes, as far as the comparisons need them. */
class BytesOfTexts extends FileCache<string> {
  override getSync<T extends string>(key: string): T | undefined {
    const value: unknown = super.getSync(key);
    return value === undefined ? undefined : (String(value) as T);
  }

  override setSync(key: string, value: string): void {
    super.setSync(key, Buffer.from(value) as unknown as string);
  }

  override set(key: string, value: string): Promise<void> {
    return super.set(key, Buffer.from(value) as unknown as string);
  }
}
