export type { BuiltInCodec, Codec } from './codec.js';
export { type CacheEntry, FileCache } from './file-cache.js';
export type { GetOrSetOptions } from './flight-options.js';
export type { Load, LoadContext } from './flights.js';
export type { CacheStrategy } from './format.js';
export type { FileCacheOptions, SetOptions } from './options.js';
export type { PruneOptions, PruneReport } from './prune.js';
export type { VerifyOptions } from './verify.js';
export type { VerifyProblem, VerifyReport } from './verify-report.js';
