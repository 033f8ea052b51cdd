import type { HistogramMessage } from '../values/index.js';

/** The task of a process, from the driver: JSON, as its first argument. */
export interface Assignment {
  readonly task: TaskName;
  /** The contender to open, and the module (a URL) that exports `openContender`. */
  readonly contender: string;
  readonly module: string;
  /** The contender's own folder, the same for all processes of a run. */
  readonly directory: string;
  /** From 1. */
  readonly number: number;
  /** How many keys there are; with 1 all processes share it. */
  readonly keys: number;
  /** The percentage of operations that read. */
  readonly reads: number;
  /** The approximate length of a value as JSON. */
  readonly bytes: number;
  readonly seed: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** For `pace`. */
  readonly operation: 'read' | 'write';
  /** For a stampede: callers in each process, cold keys in turn, and how long a load takes. */
  readonly callers: number;
  readonly coldKeys: number;
  readonly loadMs: number;
}

/** The outcome of each task, as a process reports it. */
export interface Outcomes {
  /** Writes every key once. */
  fill: { written: number };
  /** Reads and writes at random. */
  mix: MixOutcome;
  /** Repeats one operation as fast as it can. */
  pace: { operations: number; elapsedMs: number };
  /** Increments one key. */
  count: { increments: number; elapsedMs: number; errors: number; errorMessages: string[] };
  /** Reads the number that was incremented. */
  total: { count: number };
  /** Many callers ask for keys that have not been loaded. */
  stampede: { loads: number; errors: number; errorMessages: string[] };
}

export type TaskName = keyof Outcomes;

/** All figures are of the measured time, without the warm-up. */
export interface MixOutcome {
  operations: number;
  reads: number;
  writes: number;
  elapsedMs: number;
  latency: HistogramMessage;
  cpuMs: number;
  empty: number;
  torn: number;
  errors: number;
  errorMessages: string[];
  /** `null` where the contender does not tell of its waits. */
  lockWaits: { count: number; milliseconds: number } | null;
  /** Open descriptors of the process at the end; `null` where the system does not tell. */
  descriptors: number | null;
}

/** A message from a process to the driver. */
export type ChildMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly outcome: Outcomes[TaskName] }
  | { readonly type: 'failed'; readonly message: string };
