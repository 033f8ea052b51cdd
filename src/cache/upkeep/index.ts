export { type PruneOptions, type PruneReport, prune } from './prune.js';
export { type CacheStats, cacheStats, type MemoryStats } from './stats.js';
export { totals } from './totals.js';
export { type VerifyOptions, verify } from './verify.js';
export type { VerifyProblem, VerifyProgress, VerifyReport } from './verify-report.js';
