// What the commands need of a cache, besides FileCache. It is not part of the package's interface.
export { CacheCore, type FileCacheOptions } from './core/index.js';
export { type Format, readFormat } from './directory/index.js';
export { type CachePaths, cachePaths } from './format/index.js';
export { freshEntry, readStream, walk } from './read/index.js';
export type { EntrySummary, FoundEntry } from './storage/index.js';
export { cacheStats, type PruneReport, prune, totals, type VerifyReport, verify } from './upkeep/index.js';
export { encode } from './write/index.js';
