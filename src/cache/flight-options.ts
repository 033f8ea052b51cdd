import { HoldfastError } from '../errors.js';
import { assertKnownOptions, namesOf } from '../lock/index.js';
import { isAbortSignal } from '../os/realms.js';
import { checkTags } from './key.js';
import { resolveTtl } from './options.js';

/** How a value is loaded and stored. */
export interface GetOrSetOptions {
  /** Milliseconds that the loaded value lasts. Default: the cache's `ttl`. */
  ttl?: number | undefined;
  /** For so many milliseconds after its expiry the old value is given out at once, while one process loads a new one. */
  staleWhileRevalidate?: number | undefined;
  tags?: readonly string[] | undefined;
  /** Milliseconds to wait for another process that is loading the same key. Default: the cache's `lockTimeout`. */
  lockTimeout?: number | undefined;
  /** Ends this caller's wait, and no one else's. */
  signal?: AbortSignal | undefined;
}

/** The same, checked. */
export interface FlightOptions {
  readonly ttl: number | undefined;
  readonly staleMs: number;
  readonly tags: readonly string[];
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const KNOWN = namesOf<GetOrSetOptions>({
  ...{ ttl: true, staleWhileRevalidate: true, tags: true },
  ...{ lockTimeout: true, signal: true },
});

/** Throws `ERR_INVALID_ARGUMENT` with what was expected. */
export function resolveFlightOptions(options: GetOrSetOptions, lockTimeoutMs: number): FlightOptions {
  assertKnownOptions(options, KNOWN);
  const { ttl, staleWhileRevalidate, tags, lockTimeout, signal } = options;
  if (signal !== undefined && !isAbortSignal(signal))
    throw new HoldfastError('ERR_INVALID_ARGUMENT', 'signal must be an AbortSignal.');
  return {
    ttl: ttl === undefined ? undefined : resolveTtl(ttl),
    staleMs: staleWhileRevalidate === undefined ? 0 : resolveTtl(staleWhileRevalidate),
    tags: checkTags(tags),
    lockTimeoutMs: lockTimeout === undefined ? lockTimeoutMs : resolveTtl(lockTimeout),
    signal,
  };
}
