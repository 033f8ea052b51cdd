import { HoldfastError } from '../errors.js';
import { assertKnownOptions, type WaitOptions } from '../lock/index.js';
import { STRATEGY_NAMES, type Strategy, type StrategyName, strategyNamed } from './strategies.js';

/** What the plain-file functions take. */
export interface FileOptions extends WaitOptions {
  /**
   * How readers and writers stay out of each other's way. All who share a file should use the same one. Reading and mapping
   * default to `flock`, which is safe beside each of our writers but those of `proper-lockfile`; writing defaults to
   * `rename`, which is safe beside any reader.
   */
  strategy?: StrategyName | undefined;
  /** Permissions of the file, e.g. `0o640`. Default: those of the file that is replaced, or 0o666 less the umask. */
  mode?: number | undefined;
  /** Whether the bytes (and the new name) are on the disk before the promise resolves: fsync(2). Default false. */
  flush?: boolean | undefined;
}

/** The same, checked. */
export interface ResolvedFileOptions {
  readonly strategy: Strategy;
  readonly wait: WaitOptions;
  readonly mode: number | undefined;
  readonly flush: boolean;
}

const KNOWN = ['strategy', 'timeout', 'signal', 'mode', 'flush'];

/** Throws `ERR_INVALID_ARGUMENT` with what was expected. */
export function resolveFileOptions(options: FileOptions, strategy: StrategyName): ResolvedFileOptions {
  assertKnownOptions(options, KNOWN);
  const { mode, flush = false } = options;
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)) {
    throw invalid(`mode must be a whole number from 0 to 0o7777, not ${String(mode)}.`);
  }
  if (typeof flush !== 'boolean') throw invalid(`flush must be true or false, not ${String(flush)}.`);
  const name = options.strategy ?? strategy;
  if (!STRATEGY_NAMES.includes(name)) {
    throw invalid(`strategy must be one of ${STRATEGY_NAMES.join(', ')}, not ${JSON.stringify(name)}.`);
  }
  return {
    strategy: strategyNamed(name),
    wait: { timeout: options.timeout, signal: options.signal },
    mode,
    flush,
  };
}

/** What can be written to a file. Strings are UTF-8. */
export type FileData = string | Uint8Array;

/** Throws `ERR_INVALID_ARGUMENT` for anything that is no data. */
export function toBuffer(data: FileData): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw invalid(`Data must be a string, a Buffer or a Uint8Array, not ${data === null ? 'null' : typeof data}.`);
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('ERR_INVALID_ARGUMENT', message);
}
