import type { Percentiles } from '../data/index.js';
import type { RaceEnvironment } from './environment.js';
import type { RaceStrategy, ResolvedRaceOptions } from './options.js';

/** A process of the race that SIGBUS ended. */
export interface RaceDeath {
  /** Milliseconds since the strategy's start. */
  atMs: number;
  pid: number;
  /** `reader 2`, `writer 1`. */
  process: string;
}

/**
 * How a process of the race ended: when it was told to; by SIGBUS; or otherwise, which is an error unless a person or
 * the system ended it.
 */
export type LifeEnd = 'stopped' | 'sigbus' | 'other';

/**
 * A process of the race from the moment at which it began to read or to write. When SIGBUS ends it, another one takes
 * its place.
 */
export interface RaceLife {
  /** The place: `reader 2`, `writer 1`. */
  process: string;
  pid: number;
  /** Milliseconds since the strategy's start. */
  fromMs: number;
  toMs: number;
  end: LifeEnd;
}

/** The lengths of the file that the supervisor saw since the sample before; it looks a few thousand times a second. */
export interface SizesSeen {
  looks: number;
  /** How many looks found 0 bytes. */
  empty: number;
  /** `null` where no look found a file. */
  least: number | null;
  most: number | null;
}

/** The state of a strategy at one moment. Counts are since its start. */
export interface RaceSample {
  /** Milliseconds since the strategy's start. */
  atMs: number;
  reads: number;
  writes: number;
  sigbus: number;
  empty: number;
  torn: number;
  errors: number;
  /** Length of the file at that moment; `null` where there was none. */
  fileBytes: number | null;
  sizes: SizesSeen;
  /** The processes that died since the sample before. */
  deaths: RaceDeath[];
}

/** The results of one strategy. Times in milliseconds. */
export interface RaceResult {
  strategy: RaceStrategy;
  /** Reads that gave bytes, whole or not, or that killed their process. Those that were rejected are `errors`. */
  reads: number;
  /** Payloads written. */
  writes: number;
  /** Processes that SIGBUS killed. */
  sigbus: number;
  /** Reads of 0 bytes. */
  empty: number;
  /** Reads whose bytes were not one whole payload. */
  torn: number;
  /** Updates of the counter file that returned. */
  updates: number;
  /** Updates that returned and are not in the counter. */
  lost: number;
  /** Operations that were rejected, and processes that ended for another reason than SIGBUS. */
  errors: number;
  /** The texts of the first few errors, each once. */
  errorMessages: string[];
  /** `null` where no process died. */
  firstDeathMs: number | null;
  /** How long it ran. */
  elapsedMs: number;
  readsPerSecond: number;
  writesPerSecond: number;
  readLatency: Percentiles;
  /** The latencies of payloads, without those of the counter. */
  writeLatency: Percentiles;
  /** A sample every 100 ms, and one at the end. */
  timeline: RaceSample[];
  /** Every process that took part, in the order of their ends. */
  lives: RaceLife[];
}

/** What `holdfast race --json` prints. */
export interface RaceReport {
  schema: 1;
  /** When the race began: ISO 8601, in UTC. */
  startedAt: string;
  environment: RaceEnvironment;
  options: ResolvedRaceOptions;
  /**
   * Whether the signal ended the race: strategies may be missing, and the last one may have run for less than
   * `seconds`.
   */
  interrupted: boolean;
  strategies: RaceResult[];
}

/** The progress of a strategy. */
export interface RaceProgress extends Omit<RaceSample, 'deaths' | 'fileBytes' | 'sizes'> {
  strategy: RaceStrategy;
  /** Milliseconds that the strategy will run, unless it is interrupted. */
  totalMs: number;
}
