export { formatCount, nextCount, parseCount } from './counter-file.js';
export { Counters, type Tally } from './counters.js';
export { type Percentiles, percentiles } from './latency.js';
export { type Finding, inspect, MINIMUM_BYTES, PayloadSource } from './payload.js';
export { type Random, seededRandom } from './random.js';
