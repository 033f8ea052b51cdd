import type { RaceEnvironment } from '../../race/report/index.js';
import type { ContenderName } from '../contenders/index.js';
import type { Latency } from '../values/index.js';
import type { ResolvedBenchOptions } from './options.js';

/** What one contender did under one load: so many processes, so many reads, so many keys. */
export interface BenchCell<Name extends string = ContenderName> {
  readonly contender: Name;
  readonly processes: number;
  /** Per cent of the operations. */
  readonly reads: number;
  readonly keys: number;
  /** Of all processes together. */
  readonly operations: number;
  readonly operationsPerSecond: number;
  /** Of single operations, reads and writes together, in microseconds. */
  readonly latency: Latency;
  /** Operations of each process. */
  readonly perProcess: readonly number[];
  /** Operations of the slowest process as a part of those of the fastest: 1 is fair. */
  readonly slowestToFastest: number;
  /** Processor time of all processes. `null` where nothing was done. */
  readonly cpuSecondsPerMillion: number | null;
  /** Operations that did not get their lock at once, and how long they waited. `null` where it is not told. */
  readonly lockWaits: { readonly count: number; readonly milliseconds: number } | null;
  /** The most open descriptors that one process had at the end. `null` where the system does not tell. */
  readonly descriptors: number | null;
  /** Reads that gave nothing, where there always was something. */
  readonly empty: number;
  /** Reads that gave something that nobody has written. */
  readonly torn: number;
  readonly errors: number;
  /** What the errors said, each text once, the first few. */
  readonly errorMessages: readonly string[];
}

/** What `holdfast bench --json` writes. */
export interface BenchReport {
  schema: 1;
  bench: 'contention';
  environment: RaceEnvironment;
  options: ResolvedBenchOptions;
  /** Whether the caller's signal ended it: cells are missing then. */
  interrupted: boolean;
  cells: BenchCell[];
}

/** What is measured next. */
export interface BenchProgress {
  /** How many combinations are behind it, of how many. */
  readonly done: number;
  readonly of: number;
  readonly contender: ContenderName;
  readonly processes: number;
  readonly reads: number;
  readonly keys: number;
}
