import type { HistogramMessage } from '../values/index.js';

/** What the driver tells a process: JSON, as its first argument. */
export interface Assignment {
  readonly task: TaskName;
  /** Whom to open, and the module (a URL) that exports `openContender`. */
  readonly contender: string;
  readonly module: string;
  /** The contender's own folder, the same for all processes of a run. */
  readonly directory: string;
  /** Counted from 1. */
  readonly number: number;
  /** How many keys there are; with 1 everybody meets on it. */
  readonly keys: number;
  /** Per cent of the operations that read. */
  readonly reads: number;
  /** About the length of a value as JSON. */
  readonly bytes: number;
  readonly seed: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Of a pace. */
  readonly operation: 'read' | 'write';
  /** Of a stampede: callers in each process, cold keys one after the other, how long a load takes. */
  readonly callers: number;
  readonly coldKeys: number;
  readonly loadMs: number;
}

/** What a process has to tell when its task is done. */
export interface Outcomes {
  /** Writes every key once. */
  fill: { written: number };
  /** Reads and writes at random. */
  mix: MixOutcome;
  /** Does one operation over and over, as fast as it goes. */
  pace: { operations: number; elapsedMs: number };
  /** Counts one key up. */
  count: { increments: number; elapsedMs: number; errors: number; errorMessages: string[] };
  /** Reads what counting has come to. */
  total: { count: number };
  /** Many callers ask for keys that nobody has loaded. */
  stampede: { loads: number; errors: number; errorMessages: string[] };
}

export type TaskName = keyof Outcomes;

/** All of it from the measured time, without the warm-up. */
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

/** What a process tells the driver. */
export type ChildMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly outcome: Outcomes[TaskName] }
  | { readonly type: 'failed'; readonly message: string };
