import { randomInt } from 'node:crypto';
import { invalidArgument } from '../../errors.js';
import { STRATEGY_NAMES, type StrategyName } from '../../file/index.js';
import { assertKnownOptions } from '../../lock/index.js';
import { flockMechanism } from '../../os/flock.js';
import { assertMapSupported } from '../../os/mmap.js';
import { absolutePath } from '../../os/paths.js';
import { MINIMUM_BYTES } from '../data/index.js';
import type { RaceProgress } from './report.js';

/** `naive` is the truncating writer beside the unlocked reader; the others are strategies of the file functions. */
export type RaceStrategy = 'naive' | StrategyName;
/** How readers read: by a mapping whose pages they touch, by one whole read, or by a stream. */
export type RaceAccess = 'mmap' | 'read' | 'stream';

export const RACE_STRATEGIES: readonly RaceStrategy[] = ['naive', ...STRATEGY_NAMES];
export const RACE_ACCESSES: readonly RaceAccess[] = ['mmap', 'read', 'stream'];

/** The default options of a race. */
export const RACE_DEFAULTS = { readers: 4, writers: 2, seconds: 5, bytes: 71, access: 'mmap' } as const;

const MOST_PROCESSES = 256;
const MOST_SECONDS = 3_600;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_SEED = 2 ** 32 - 1;

export interface RaceOptions {
  /** Which strategies race, one after the other. Default: all five. */
  strategies?: readonly RaceStrategy[] | undefined;
  /** Processes that read, 1 to 256. Default 4. */
  readers?: number | undefined;
  /** Processes that write, 1 to 256. Default 2. */
  writers?: number | undefined;
  /** How long each strategy runs, in seconds (fractions are allowed), up to an hour. Default 5. */
  seconds?: number | undefined;
  /** Length of a payload, 24 bytes to 64 MiB; one in four is shorter, so that the file shrinks too. Default 71. */
  bytes?: number | undefined;
  /** How readers read. Default `mmap`. */
  access?: RaceAccess | undefined;
  /** Fixes payloads and schedules, not the interleaving. Default: a random one, which the report names. */
  seed?: number | undefined;
  /**
   * The race makes a private folder in this one, and removes it afterwards. Default: the system's folder for temporary
   * files.
   */
  directory?: string | URL | undefined;
  /** Ends the race early: what was counted until then is reported, and `interrupted` says so. */
  signal?: AbortSignal | undefined;
  /** Called ten times a second with the progress. */
  onProgress?: ((progress: RaceProgress) => void) | undefined;
}

/** {@link RaceOptions}, checked and complete, without what a report cannot contain. */
export interface ResolvedRaceOptions {
  readonly strategies: readonly RaceStrategy[];
  readonly readers: number;
  readonly writers: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly access: RaceAccess;
  readonly seed: number;
}

const KNOWN = [
  'strategies',
  'readers',
  'writers',
  'seconds',
  'bytes',
  'access',
  'seed',
  'directory',
  'signal',
  'onProgress',
];

/**
 * Checks the options. Throws `ERR_INVALID_ARGUMENT`, and says what was expected; `ERR_MAP_UNSUPPORTED` where readers
 * would map and cannot, `ERR_LOCK_UNSUPPORTED` where a strategy would lock and cannot.
 */
export function resolveRaceOptions(options: RaceOptions): ResolvedRaceOptions {
  assertKnownOptions(options, KNOWN);
  const { strategies = RACE_STRATEGIES, access = RACE_DEFAULTS.access, seconds = RACE_DEFAULTS.seconds } = options;
  if (!Array.isArray(strategies) || strategies.length === 0)
    throw invalidArgument('strategies must be a list of one or more.');
  for (const name of strategies) assertOneOf('strategy', name, RACE_STRATEGIES);
  if (new Set(strategies).size < strategies.length) throw invalidArgument('Each strategy can be given once.');
  assertOneOf('access', access, RACE_ACCESSES);
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= MOST_SECONDS)) {
    throw invalidArgument(`seconds must be a number above 0, up to ${MOST_SECONDS}, not ${shown(seconds)}.`);
  }
  const resolved = {
    strategies,
    readers: wholeNumber('readers', options.readers ?? RACE_DEFAULTS.readers, 1, MOST_PROCESSES),
    writers: wholeNumber('writers', options.writers ?? RACE_DEFAULTS.writers, 1, MOST_PROCESSES),
    seconds,
    bytes: wholeNumber('bytes', options.bytes ?? RACE_DEFAULTS.bytes, MINIMUM_BYTES, MOST_BYTES),
    access,
    seed: wholeNumber('seed', options.seed ?? randomInt(MOST_SEED), 0, MOST_SEED),
  };
  assertCallbacks(options);
  if (options.directory !== undefined) absolutePath(options.directory);
  if (access === 'mmap') assertMapSupported();
  if (strategies.some(locksWithFlock)) flockMechanism();
  return resolved;
}

function locksWithFlock(strategy: RaceStrategy): boolean {
  return strategy !== 'naive' && strategy !== 'proper-lockfile';
}

function assertCallbacks({ signal, onProgress }: RaceOptions): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidArgument('signal must be an AbortSignal.');
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalidArgument('onProgress must be a function.');
}

function assertOneOf(name: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) throw invalidArgument(`${name} must be one of ${known.join(', ')}, not ${shown(value)}.`);
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(`${name} must be a whole number from ${least} to ${most}, not ${shown(value)}.`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
