import { invalidArgument } from '../../errors.js';
import { assertKnownOptions, namesOf } from '../../lock/index.js';
import { isUrl } from '../../os/realms.js';
import { shown } from '../../os/shown.js';
import type { CacheStrategy } from '../directory/index.js';
import { type BuiltInCodec, type Codec, checkTags, codecOf, type NamedCodec } from '../format/index.js';
import { USUAL_INLINE_LIMIT } from '../store/index.js';
import { assertLimits, type Limits } from './limits.js';
import { type MemoryLimits, type MemoryOptions, resolveMemory } from './memory-options.js';

/** What a FileCache is made with. */
export interface FileCacheOptions<V = unknown> {
  /**
   * Made where it is missing. Must belong to this user, be writable by no other user, and lie on a local file system.
   */
  directory: string | URL;
  /**
   * `rename` (default): each write publishes a new file, readers take no lock. `flock`: small entries are rewritten in
   * place under locks, which makes writes faster and reads slower. Fixed when the cache is made.
   */
  strategy?: CacheStrategy | undefined;
  /** Milliseconds until an entry expires that is set without a `ttl` of its own. Default: never. */
  ttl?: number | undefined;
  /** Default `json`. Each entry remembers its own; one written with another codec is a miss. */
  codec?: BuiltInCodec | Codec<V> | undefined;
  /**
   * How many decoded values this process keeps in memory. A read returns a kept value as long as no process has changed
   * it. All readers get the same object: outside production plain objects and arrays are frozen; bytes are copied.
   * `false`: each read decodes anew. Default: up to 10,000 entries and 64 MiB of payload.
   */
  memory?: MemoryOptions | false | undefined;
  /**
   * How many bytes of the disk the entries may take, each in whole blocks of the file system, and how many there may
   * be. A write that goes beyond that evicts the coldest before it returns. Default: as much as the disk has.
   */
  maxBytes?: number | undefined;
  maxEntries?: number | undefined;
  /**
   * Values up to this many bytes (give or take a header) are read and written on the calling thread also by the
   * functions that give a promise: from the page cache that takes microseconds, the thread pool a hundred. Longer ones
   * go through the pool. 0 sends every read there, but of entries that may be rewritten in place. Default 65,536.
   */
  inlineLimit?: number | undefined;
  /**
   * Whether a write has reached the disk, name and all, when it returns (fsync(2) of file and folder). Nothing is
   * rewritten in place then. *Not* covered: `invalidateTags`, and the totals, which a crash of the machine has counted
   * anew. Default false.
   */
  flush?: boolean | undefined;
  /** Milliseconds to wait for a lock. Default 10,000. */
  lockTimeout?: number | undefined;
  /** Permissions of folders; files get its read and write bits. Default 0o700. */
  mode?: number | undefined;
}

/** How one value is stored. */
export interface SetOptions {
  /** Milliseconds until it expires; 0 at once. Default: the cache's `ttl`. */
  ttl?: number | undefined;
  /** With `invalidateTags` every entry of a tag becomes a miss at once. */
  tags?: readonly string[] | undefined;
  /**
   * For so many milliseconds after its expiry `getOrSet` returns the old value at once, while one process loads a new
   * one, and `prune` leaves it in place. For all other functions it has expired. Default 0.
   */
  staleWhileRevalidate?: number | undefined;
}

/** The same, checked. */
export interface ResolvedSetOptions {
  /** `undefined`: that of the cache. */
  readonly ttl: number | undefined;
  readonly staleMs: number;
  readonly tags: readonly string[];
}

/** FileCacheOptions, checked and complete. */
export interface ResolvedCacheOptions {
  readonly directory: string | URL;
  readonly strategy: CacheStrategy;
  readonly ttlMs: number;
  readonly codec: NamedCodec;
  /** Bytes of the value. */
  readonly inlineLimit: number;
  readonly flush: boolean;
  readonly lockTimeoutMs: number;
  readonly mode: number;
  readonly limits: Limits;
  /** `undefined`: no memory tier. */
  readonly memory: MemoryLimits | undefined;
}

const KNOWN = namesOf<FileCacheOptions>({
  ...{ directory: true, strategy: true, ttl: true, codec: true, memory: true, maxBytes: true, maxEntries: true },
  ...{ inlineLimit: true, flush: true, lockTimeout: true, mode: true },
});
const KNOWN_TO_SET = namesOf<SetOptions>({ ttl: true, tags: true, staleWhileRevalidate: true });

/** Throws `ERR_INVALID_ARGUMENT` with what was expected. */
export function resolveCacheOptions<V>(options: FileCacheOptions<V>): ResolvedCacheOptions {
  assertKnownOptions(options, KNOWN);
  const {
    directory,
    strategy = 'rename',
    ttl,
    codec,
    inlineLimit = USUAL_INLINE_LIMIT,
    flush = false,
    memory,
    lockTimeout = 10_000,
    mode = 0o700,
    maxBytes,
    maxEntries,
  } = options;
  if (typeof directory !== 'string' && !isUrl(directory)) throw invalidArgument('directory must be a path.');
  if (strategy !== 'rename' && strategy !== 'flock') {
    throw invalidArgument(`strategy must be 'rename' or 'flock', not ${shown(strategy)}.`);
  }
  if (!Number.isSafeInteger(inlineLimit) || inlineLimit < 0) {
    throw invalidArgument(`inlineLimit must be a whole number of bytes, 0 or more, not ${shown(inlineLimit)}.`);
  }
  if (typeof flush !== 'boolean') throw invalidArgument(`flush must be true or false, not ${shown(flush)}.`);
  if (!isDuration(lockTimeout)) throw invalidArgument(`lockTimeout must be milliseconds, not ${shown(lockTimeout)}.`);
  if (!Number.isInteger(mode) || (mode & 0o700) !== 0o700 || mode < 0 || mode > 0o777) {
    throw invalidArgument('mode must be permissions of a folder that its owner can use, e.g. 0o700 or 0o750.');
  }
  const limits: Limits = { maxBytes, maxEntries };
  assertLimits(limits);
  return {
    directory,
    strategy,
    ttlMs: resolveTtl(ttl),
    codec: codecOf(codec),
    inlineLimit,
    flush,
    lockTimeoutMs: lockTimeout,
    mode,
    limits,
    memory: resolveMemory(memory),
  };
}

/** Throws `ERR_INVALID_ARGUMENT` with what was expected. */
export function resolveSetOptions(options: SetOptions): ResolvedSetOptions {
  assertKnownOptions(options, KNOWN_TO_SET);
  const { ttl, staleWhileRevalidate, tags } = options;
  return {
    ttl: ttl === undefined ? undefined : resolveTtl(ttl),
    staleMs: resolveStale(staleWhileRevalidate),
    tags: checkTags(tags),
  };
}

/** A time to live in milliseconds; none is `Infinity`. */
export function resolveTtl(ttl: unknown): number {
  if (ttl === undefined) return Number.POSITIVE_INFINITY;
  if (!isDuration(ttl)) throw invalidArgument(`ttl must be milliseconds, 0 or more, not ${shown(ttl)}.`);
  return ttl;
}

/** For how many milliseconds after its expiry a value may be returned; none is 0. */
export function resolveStale(stale: unknown): number {
  if (stale === undefined) return 0;
  if (!isDuration(stale))
    throw invalidArgument(`staleWhileRevalidate must be milliseconds, 0 or more, not ${shown(stale)}.`);
  return stale;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
