import { invalidArgument } from '../../errors.js';
import { assertKnownOptions } from '../../lock/index.js';
import { shown } from '../../os/shown.js';

/** How much a process keeps in memory of the values that it has read. */
export interface MemoryOptions {
  /** Default 10,000. */
  maxEntries?: number | undefined;
  /** Bytes of the payloads as they are on the disk. The decoded values take some multiple of it. Default 64 MiB. */
  maxBytes?: number | undefined;
}

/** The same, with defaults filled in. */
export interface MemoryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

const DEFAULTS: MemoryLimits = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

/** `undefined`: no memory tier. Throws `ERR_INVALID_ARGUMENT` with what was expected. */
export function resolveMemory(option: unknown): MemoryLimits | undefined {
  if (option === false) return undefined;
  if (option === undefined) return DEFAULTS;
  if (typeof option !== 'object' || option === null) {
    throw invalidArgument(`memory must be false, or an object with maxEntries and maxBytes, not ${shown(option)}.`);
  }
  assertKnownOptions(option, Object.keys(DEFAULTS));
  const { maxEntries = DEFAULTS.maxEntries, maxBytes = DEFAULTS.maxBytes } = option as MemoryOptions;
  for (const [name, limit] of Object.entries({ maxEntries, maxBytes })) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw invalidArgument(
        `memory.${name} must be a whole number from 1, not ${shown(limit)}; memory: false is no tier.`,
      );
    }
  }
  return { maxEntries, maxBytes };
}
