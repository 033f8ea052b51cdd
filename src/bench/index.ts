export { CONTENDER_NAMES, type ContenderName } from './contenders.js';
export type { Latency } from './histogram.js';
export { BENCH_DEFAULTS, type BenchOptions, QUICK_BENCH, type ResolvedBenchOptions } from './options.js';
export type { BenchCell, BenchProgress, BenchReport } from './report.js';
export { runBench } from './run-bench.js';
