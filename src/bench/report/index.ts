export {
  BENCH_DEFAULTS,
  type BenchOptions,
  QUICK_BENCH,
  type ResolvedBenchOptions,
  resolveBenchOptions,
} from './options.js';
export type { BenchCell, BenchProgress, BenchReport } from './report.js';
