import type { RaceEnvironment } from '../../race/report/index.js';
import type { ContenderName } from '../contenders/index.js';
import type { Latency } from '../values/index.js';
import type { ResolvedBenchOptions } from './options.js';

/** The figures of one contender under one load: a number of processes, a percentage of reads, a number of keys. */
export interface BenchCell<Name extends string = ContenderName> {
  readonly contender: Name;
  readonly processes: number;
  /** The percentage of operations that read. */
  readonly reads: number;
  readonly keys: number;
  /** Of all processes together. */
  readonly operations: number;
  readonly operationsPerSecond: number;
  /** The latency of single operations, reads and writes together, in microseconds. */
  readonly latency: Latency;
  /** Operations of each process. */
  readonly perProcess: readonly number[];
  /** Operations of the slowest process, divided by those of the fastest: 1 is fair. */
  readonly slowestToFastest: number;
  /** Processor seconds of all processes for a million operations. `null` where there was none. */
  readonly cpuSecondsPerMillion: number | null;
  /**
   * Operations that did not get their lock at once, and how long they waited. `null` where the contender does not tell.
   */
  readonly lockWaits: { readonly count: number; readonly milliseconds: number } | null;
  /** The most open descriptors that one process had at the end. `null` where the system does not tell. */
  readonly descriptors: number | null;
  /** Reads that gave nothing, though there always was a value. */
  readonly empty: number;
  /** Reads that gave something that no process has written. */
  readonly torn: number;
  readonly errors: number;
  /** The texts of the first few errors, each once. */
  readonly errorMessages: readonly string[];
}

/** What `holdfast bench --json` writes. */
export interface BenchReport {
  schema: 1;
  bench: 'contention';
  environment: RaceEnvironment;
  options: ResolvedBenchOptions;
  /** Whether the signal ended the bench: then cells are missing. */
  interrupted: boolean;
  cells: BenchCell[];
}

/** What is measured next. */
export interface BenchProgress {
  /** How many combinations are done, of how many. */
  readonly done: number;
  readonly of: number;
  readonly contender: ContenderName;
  readonly processes: number;
  readonly reads: number;
  readonly keys: number;
}
