import { FileCache, type FileCacheOptions } from '../../cache/index.js';
import { HoldfastError } from '../../errors.js';
import { readFile, STRATEGY_NAMES, type StrategyName, updateFile, writeFile } from '../../file/index.js';
import type { BenchValue } from '../values/index.js';
import type { Contender } from './contender.js';

/** Long enough for a busy machine: a timeout would count as an error, and timeouts are not measured. */
const PATIENCE_MS = 60_000;

/** Caches by name: both strategies, each with the tier in memory and without it. */
const CACHES = {
  'cache-rename': { strategy: 'rename' },
  'cache-flock': { strategy: 'flock' },
  'cache-rename-disk': { strategy: 'rename', memory: false },
  'cache-flock-disk': { strategy: 'flock', memory: false },
} as const satisfies Record<string, Omit<FileCacheOptions, 'directory'>>;

export type CacheContenderName = keyof typeof CACHES;
/** The strategies of the file functions, and caches. */
export type ContenderName = StrategyName | CacheContenderName;

const CACHE_NAMES = Object.keys(CACHES) as CacheContenderName[];
export const CONTENDER_NAMES: readonly ContenderName[] = [...STRATEGY_NAMES, ...CACHE_NAMES];

/**
 * Opens a contender of this package, as users have it: files with the file functions, caches with their asynchronous
 * operations.
 */
export function openContender(name: string, directory: string): Contender {
  const strategy = STRATEGY_NAMES.find((known) => known === name);
  if (strategy !== undefined) return fileContender(strategy, directory);
  const cache = CACHE_NAMES.find((known) => known === name);
  if (cache !== undefined) return cacheContender({ ...CACHES[cache], directory: `${directory}/cache` });
  throw new HoldfastError('ERR_INVALID_ARGUMENT', `There is no contender ${JSON.stringify(name)}.`);
}

/** A file of JSON for each key. */
function fileContender(strategy: StrategyName, directory: string): Contender {
  const options = { strategy, timeout: PATIENCE_MS };
  const pathOf = (key: string) => `${directory}/${key}.json`;
  return {
    tellsLockWaits: strategy !== 'proper-lockfile',
    async read(key): Promise<BenchValue> {
      return JSON.parse(String(await readFile(pathOf(key), options)));
    },
    write: (key, value) => writeFile(pathOf(key), JSON.stringify(value), options),
    increment: (key) => updateFile(pathOf(key), (old) => String(Number(old ?? 0) + 1), options),
    async count(key) {
      return Number(await readFile(pathOf(key), options));
    },
    close() {},
  };
}

function cacheContender(options: FileCacheOptions): Contender {
  const cache = new FileCache({ ...options, lockTimeout: PATIENCE_MS });
  return {
    tellsLockWaits: true,
    read: (key) => cache.get(key) as Promise<BenchValue | undefined>,
    write: (key, value) => cache.set(key, value),
    async increment(key) {
      await cache.update(key, (old) => Number(old ?? 0) + 1);
    },
    async count(key) {
      return Number(await cache.get(key));
    },
    load: (key, load) => cache.getOrSet(key, load),
    close: () => cache.close(),
  };
}
