export { CacheCore, type EncodedValue, type StoreValueOptions } from './core.js';
export { isGivenStale } from './entry-times.js';
export { readLarge } from './large-read.js';
export { type Allowed, allowedBy, assertFits, assertLimits, isOver, type Limits, wantsSparesGone } from './limits.js';
export type { MemoryLimits, MemoryOptions } from './memory-options.js';
export {
  type FileCacheOptions,
  HEADER_ALLOWANCE,
  type ResolvedSetOptions,
  resolveSetOptions,
  resolveStale,
  resolveTtl,
  type SetOptions,
} from './options.js';
export { assertProgressOptions } from './progress-options.js';
export { reportEviction, reportLoad, reportNotStored } from './reports.js';
export { invalidateTags, stampTagsNow } from './tags-now.js';
