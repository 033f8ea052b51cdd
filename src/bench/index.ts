export { CONTENDER_NAMES, type ContenderName } from './contenders/index.js';
export {
  BENCH_DEFAULTS,
  type BenchCell,
  type BenchOptions,
  type BenchProgress,
  type BenchReport,
  QUICK_BENCH,
  type ResolvedBenchOptions,
} from './report/index.js';
export { runBench } from './run/index.js';
export type { Latency } from './values/index.js';
