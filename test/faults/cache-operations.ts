import { FileCache } from '../../src/cache/file-cache.js';
import type { FileCacheOptions } from '../../src/cache/options.js';

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
  /** Makes what it is to work on, beside `key`. */
  prepare?(cache: FileCache<string>): void;
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
  { name: 'set, huge over huge', before: OLD_HUGE, after: HUGE, run: (cache) => cache.set(KEY, HUGE) },
  { name: 'setSync, new key', after: NEW, run: (cache) => cache.setSync(KEY, NEW) },
  { name: 'setSync, small over small', before: OLD, after: NEW, run: (cache) => cache.setSync(KEY, NEW) },
  { name: 'get', before: OLD, after: OLD, gives: OLD, run: (cache) => cache.get(KEY) },
  { name: 'get of a huge one', before: OLD_HUGE, after: OLD_HUGE, gives: OLD_HUGE, run: (cache) => cache.get(KEY) },
  { name: 'getSync', before: OLD, after: OLD, gives: OLD, run: (cache) => cache.getSync(KEY) },
  { name: 'delete', before: OLD, gives: true, run: (cache) => cache.delete(KEY) },
  { name: 'delete of none', gives: false, run: (cache) => cache.delete(KEY) },
  { name: 'deleteSync', before: OLD_LARGE, gives: true, run: (cache) => cache.deleteSync(KEY) },
  { name: 'getOrSet, a hit', before: OLD, after: OLD, gives: OLD, run: (cache) => cache.getOrSet(KEY, () => NEW) },
  { name: 'getOrSet, a load', after: NEW, gives: NEW, run: (cache) => cache.getOrSet(KEY, () => NEW) },
  { name: 'getOrSet, a large load', after: LARGE, gives: LARGE, run: (cache) => cache.getOrSet(KEY, () => LARGE) },
  { name: 'update', before: OLD, after: NEW, gives: NEW, run: (cache) => cache.update(KEY, (old) => old && NEW) },
  { name: 'update, new key', after: NEW, gives: NEW, run: (cache) => cache.update(KEY, (old) => old ?? NEW) },
  { name: 'update that removes', before: OLD, run: (cache) => cache.update(KEY, () => undefined) },
  { name: 'updateSync', before: OLD, after: LARGE, gives: LARGE, run: (cache) => cache.updateSync(KEY, () => LARGE) },
  { name: 'invalidateTags', before: OLD, after: OLD, run: (cache) => cache.invalidateTags(['a tag']) },
  { name: 'clear', before: OLD, removesOthers: true, run: (cache) => cache.clear() },
  { name: 'prune', before: OLD, after: OLD, prepare: expire, run: (cache) => cache.prune() },
  {
    name: 'verify with repair',
    before: OLD,
    after: OLD,
    prepare: expire,
    run: (cache) => cache.verify({ repair: true }),
  },
];

function expire(cache: FileCache<string>): void {
  cache.setSync(ANOTHER, 'expired', { ttl: 0 });
}

/** A cache of texts. It must be closed. */
export function openCache(directory: string, strategy: FileCacheOptions['strategy']): FileCache<string> {
  return new FileCache<string>({ directory, strategy, codec: 'text' });
}
