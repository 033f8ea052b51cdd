export { CacheCore } from './core.js';
export { entryTimes, isGivenStale, type TimeOptions } from './entry-times.js';
export { type Allowed, allowedBy, assertFits, assertLimits, isOver, type Limits, wantsSparesGone } from './limits.js';
export type { MemoryLimits, MemoryOptions } from './memory-options.js';
export {
  type FileCacheOptions,
  type ResolvedSetOptions,
  resolveSetOptions,
  resolveStale,
  resolveTtl,
  type SetOptions,
} from './options.js';
export { assertProgressOptions } from './progress-options.js';
export { reportEviction, reportLoad, reportNotStored } from './reports.js';
export { invalidateTags, stampTagsNow } from './tags-now.js';
