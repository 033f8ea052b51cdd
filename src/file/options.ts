import { invalidArgument } from '../errors.js';
import { assertKnownOptions, namesOf, type WaitOptions } from '../lock/index.js';
import { isUint8Array } from '../os/realms.js';
import { shown } from '../os/shown.js';
import { STRATEGY_NAMES, type Strategy, type StrategyName, strategyNamed } from './strategies.js';

/** The options of reading, mapping and locking. */
export interface ReadOptions extends WaitOptions {
  /**
   * * How readers and writers stay out of each other's way. All programs that share a file should use the same one.
   *   Reading and mapping default to `flock`, which is safe beside the writers of every strategy but `proper-lockfile`;
   *   writing defaults to `rename`, which is safe beside any reader.
   */
  strategy?: StrategyName | undefined;
}

/** The options of removing. */
export interface RemoveOptions extends ReadOptions {
  /**
   * Whether the change is on the disk before the promise resolves: fsync(2) of the file and of its folder. Default
   * false.
   */
  flush?: boolean | undefined;
}

/** The options of writing and updating. */
export interface FileOptions extends RemoveOptions {
  /** Permissions of the file, e.g. `0o640`. Default: those of the file that is replaced, or 0o666 less the umask. */
  mode?: number | undefined;
}

/** {@link FileOptions}, checked and complete. */
export interface ResolvedFileOptions {
  readonly strategy: Strategy;
  readonly wait: WaitOptions;
  readonly mode: number | undefined;
  readonly flush: boolean;
}

export const READ_OPTIONS = namesOf<ReadOptions>({ strategy: true, timeout: true, signal: true });
export const REMOVE_OPTIONS = namesOf<RemoveOptions>({ strategy: true, timeout: true, signal: true, flush: true });
export const WRITE_OPTIONS = namesOf<FileOptions>({
  ...{ strategy: true, timeout: true, signal: true },
  ...{ flush: true, mode: true },
});

/**
 * Throws `ERR_INVALID_ARGUMENT`, and says what was expected. An option that would have no effect is refused.
 *
 * @param strategy the default
 */
export function resolveFileOptions(
  options: FileOptions,
  known: readonly string[],
  strategy: StrategyName,
): ResolvedFileOptions {
  assertKnownOptions(options, known);
  const { strategy: name = strategy, mode, flush = false } = options;
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)) {
    throw invalidArgument(`mode must be a whole number from 0 to 0o7777, not ${shown(mode)}.`);
  }
  if (typeof flush !== 'boolean') throw invalidArgument(`flush must be true or false, not ${shown(flush)}.`);
  if (!STRATEGY_NAMES.includes(name)) {
    throw invalidArgument(`strategy must be one of ${STRATEGY_NAMES.join(', ')}, not ${shown(name)}.`);
  }
  return {
    strategy: strategyNamed(name),
    wait: { timeout: options.timeout, signal: options.signal },
    mode,
    flush,
  };
}

/** What can be written to a file. Strings become UTF-8. */
export type FileData = string | Uint8Array;

/** Data as bytes, not copied. Throws `ERR_INVALID_ARGUMENT` for anything else. */
export function toBuffer(data: FileData): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (isUint8Array(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw invalidArgument(
    `Data must be a string, a Buffer or a Uint8Array, not ${data === null ? 'null' : typeof data}.`,
  );
}
