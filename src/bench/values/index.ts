export { ErrorsMet } from './errors-met.js';
export { Histogram, type HistogramMessage, type Latency } from './histogram.js';
export { COUNTER_KEY, coldKeyName, keyName } from './keys.js';
export { LockWaits } from './lock-waits.js';
export { type BenchValue, SHORTEST_VALUE_BYTES, Values } from './value.js';
