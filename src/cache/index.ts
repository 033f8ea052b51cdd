export type { FileCacheOptions, MemoryOptions, SetOptions } from './core/index.js';
export type { CacheStrategy } from './directory/index.js';
export type { CacheEntry } from './file-cache.js';
export type { BuiltInCodec, Codec, Loaded, Storable } from './format/index.js';
export type { GetOrSetOptions, Load, LoadContext } from './load/index.js';
export { FileCache, type FileCacheConstructor } from './public-class.js';
export type { KeyOf, TypedFileCache, ValueOf } from './typed-cache.js';
export type {
  CacheStats,
  MemoryStats,
  PruneOptions,
  PruneReport,
  VerifyOptions,
  VerifyProblem,
  VerifyProgress,
  VerifyReport,
} from './upkeep/index.js';
export type { UpdateOptions } from './write/index.js';
