// What the commands need of a cache, beside FileCache itself. No part of the package's interface.
export { CacheCore, type FileCacheOptions } from './core/index.js';
export { type Format, readFormat } from './directory/index.js';
export type { FoundEntry } from './disk/index.js';
export { type CachePaths, cachePaths } from './format/index.js';
export { type EntrySummary, readStream, walk } from './read/index.js';
export { cacheStats, type PruneReport, prune, totals, type VerifyReport, verify } from './upkeep/index.js';
export { commit } from './write/index.js';
