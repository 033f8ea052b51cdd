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
 * How a process of the race ended: told to stop; by SIGBUS; or otherwise, which is an error unless a person or the system ended it.
 */
export type LifeEnd = 'stopped' | 'sigbus' | 'other';

/** A process of the race from the moment it began to read or to write. Who is ended by SIGBUS is followed by another one in its place. */
export interface RaceLife {
  /** The place: `reader 2`, `writer 1`. */
  process: string;
  pid: number;
  /** Milliseconds since the strategy's start. */
  fromMs: number;
  toMs: number;
  end: LifeEnd;
}

/** The lengths that the supervisor saw the file have since the sample before; it looks a few thousand times a second. */
export interface SizesSeen {
  looks: number;
  /** How many of them found 0 bytes. */
  empty: number;
  /** `null` where none found a file. */
  least: number | null;
  most: number | null;
}

/** How far a strategy was at one moment; all counts since its start. */
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
  /** Who died since the sample before. */
  deaths: RaceDeath[];
}

/** What one strategy showed. Times in milliseconds. */
export interface RaceResult {
  strategy: RaceStrategy;
  /** Reads that gave bytes, whole or not, or ended in a death. Those that were rejected are `errors`. */
  reads: number;
  /** Payloads written. */
  writes: number;
  /** Processes that SIGBUS killed. */
  sigbus: number;
  /** Reads of 0 bytes. */
  empty: number;
  /** Reads whose bytes were not one payload, whole. */
  torn: number;
  /** Updates of the counter file that returned. */
  updates: number;
  /** Updates that returned and are not in the counter. */
  lost: number;
  /** Operations that were rejected, and processes that ended for another reason than SIGBUS. */
  errors: number;
  /** What the errors said, each text once, the first few. */
  errorMessages: string[];
  /** `null` where nobody died. */
  firstDeathMs: number | null;
  /** How long it ran. */
  elapsedMs: number;
  readsPerSecond: number;
  writesPerSecond: number;
  readLatency: Percentiles;
  /** Of the payloads, without the counter. */
  writeLatency: Percentiles;
  /** A sample every 100 ms, and one at the end. */
  timeline: RaceSample[];
  /** Every process that took part, in the order in which they ended. */
  lives: RaceLife[];
}

/** What `holdfast race --json` prints. */
export interface RaceReport {
  schema: 1;
  /** When the race began: ISO 8601, in UTC. */
  startedAt: string;
  environment: RaceEnvironment;
  options: ResolvedRaceOptions;
  /** Whether the caller's signal ended it: strategies may be missing, and the last one may have run for less than `seconds`. */
  interrupted: boolean;
  strategies: RaceResult[];
}

/** What is known while a strategy runs. */
export interface RaceProgress extends Omit<RaceSample, 'deaths' | 'fileBytes' | 'sizes'> {
  strategy: RaceStrategy;
  /** Milliseconds it will run, as things stand. */
  totalMs: number;
}
