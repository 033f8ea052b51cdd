import { randomInt } from 'node:crypto';
import { invalidArgument } from '../../errors.js';
import { assertKnownOptions } from '../../lock/index.js';
import { flockMechanism } from '../../os/flock.js';
import { assertMapSupported } from '../../os/mmap.js';
import { absolutePath } from '../../os/paths.js';
import { CONTENDER_NAMES, type ContenderName } from '../contenders/index.js';
import { SHORTEST_VALUE_BYTES } from '../values/index.js';
import type { BenchProgress } from './report.js';

/** The default options of a bench. */
export const BENCH_DEFAULTS = {
  contenders: CONTENDER_NAMES,
  processes: [1, 2, 4, 8, 16],
  reads: [100, 95, 50, 0],
  keys: [1, 1_000],
  seconds: 1,
  bytes: 1_024,
} as const;

/** The options for a quick look, whose figures are no result. */
export const QUICK_BENCH = { processes: [1, 4], reads: [95, 0], keys: [1, 1_000], seconds: 0.3 } as const;

const MOST_PROCESSES = 256;
const MOST_KEYS = 1_000_000;
const MOST_SECONDS = 3_600;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_SEED = 2 ** 32 - 1;

export interface BenchOptions {
  /** The contenders to measure. Default: all. */
  contenders?: readonly ContenderName[] | undefined;
  /** How many processes work at a time; each number is measured. Default 1, 2, 4, 8, 16. */
  processes?: readonly number[] | undefined;
  /** The percentage of operations that read; the others write. Default 100, 95, 50, 0. */
  reads?: readonly number[] | undefined;
  /** How many keys there are. Default 1, which all processes share, and 1,000. */
  keys?: readonly number[] | undefined;
  /** How long each combination is measured, in seconds, after an unmeasured run of half that time. Default 1. */
  seconds?: number | undefined;
  /** The approximate length of a value as JSON. Default 1,024. */
  bytes?: number | undefined;
  /** Fixes values and the order of keys, not the interleaving. Default: a random one, which the report names. */
  seed?: number | undefined;
  /**
   * The bench makes a private folder in this one, and so on this disk, and removes it afterwards. Default: the system's
   * folder for temporary files.
   */
  directory?: string | URL | undefined;
  /** Ends the bench early: what was measured until then is reported, and `interrupted` says so. */
  signal?: AbortSignal | undefined;
  /** Called when a combination begins. */
  onProgress?: ((progress: BenchProgress) => void) | undefined;
}

/** {@link BenchOptions}, checked and complete, without what a report cannot contain. */
export interface ResolvedBenchOptions {
  readonly contenders: readonly ContenderName[];
  readonly processes: readonly number[];
  readonly reads: readonly number[];
  readonly keys: readonly number[];
  readonly seconds: number;
  readonly bytes: number;
  readonly seed: number;
}

const KNOWN = [
  'contenders',
  'processes',
  'reads',
  'keys',
  'seconds',
  'bytes',
  'seed',
  'directory',
  'signal',
  'onProgress',
];

/**
 * Checks the options. Throws `ERR_INVALID_ARGUMENT`, and says what was expected; `ERR_LOCK_UNSUPPORTED` or
 * `ERR_MAP_UNSUPPORTED` where a contender needs what this machine lacks.
 */
export function resolveBenchOptions(options: BenchOptions): ResolvedBenchOptions {
  assertKnownOptions(options, KNOWN);
  const { contenders = BENCH_DEFAULTS.contenders, seconds = BENCH_DEFAULTS.seconds } = options;
  assertList('contenders', contenders);
  for (const name of contenders) {
    if (CONTENDER_NAMES.includes(name)) continue;
    throw invalidArgument(`Each contender must be one of ${CONTENDER_NAMES.join(', ')}, not ${shown(name)}.`);
  }
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= MOST_SECONDS)) {
    throw invalidArgument(`seconds must be a number above 0, up to ${MOST_SECONDS}, not ${shown(seconds)}.`);
  }
  const { signal, onProgress, directory } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidArgument('signal must be an AbortSignal.');
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalidArgument('onProgress must be a function.');
  if (directory !== undefined) absolutePath(directory);
  const resolved = {
    contenders,
    processes: wholeNumbers('processes', options.processes ?? BENCH_DEFAULTS.processes, 1, MOST_PROCESSES),
    reads: wholeNumbers('reads', options.reads ?? BENCH_DEFAULTS.reads, 0, 100),
    keys: wholeNumbers('keys', options.keys ?? BENCH_DEFAULTS.keys, 1, MOST_KEYS),
    seconds,
    bytes: wholeNumber('bytes', options.bytes ?? BENCH_DEFAULTS.bytes, SHORTEST_VALUE_BYTES, MOST_BYTES),
    seed: wholeNumber('seed', options.seed ?? randomInt(MOST_SEED), 0, MOST_SEED),
  };
  if (contenders.some((name) => name !== 'proper-lockfile')) flockMechanism();
  if (contenders.some((name) => name.startsWith('cache-'))) assertMapSupported();
  return resolved;
}

function assertList(name: string, list: unknown): asserts list is readonly unknown[] {
  if (!Array.isArray(list) || list.length === 0) throw invalidArgument(`${name} must be a list of one or more.`);
  if (new Set(list).size < list.length) throw invalidArgument(`${name} must not name one twice.`);
}

function wholeNumbers(name: string, list: readonly number[], least: number, most: number): readonly number[] {
  assertList(name, list);
  return list.map((value) => wholeNumber(name, value, least, most));
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(`${name} must be a whole number from ${least} to ${most}, not ${shown(value)}.`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
