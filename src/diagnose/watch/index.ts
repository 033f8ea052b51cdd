export type { EmptyOrigin, WatchEvent } from './events.js';
export type { DurationRow, SizeRow } from './histogram.js';
export { isHarm, type WatchSummary, WatchTally } from './tally.js';
export { type WatchOptions, type WatchReport, watchFiles } from './watch.js';
