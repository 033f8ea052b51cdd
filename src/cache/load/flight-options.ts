import { HoldfastError } from '../../errors.js';
import { assertKnownOptions, namesOf } from '../../lock/index.js';
import { isAbortSignal } from '../../os/realms.js';
import { resolveStale, resolveTtl } from '../core/index.js';
import { checkTags } from '../format/index.js';

/** How a value is loaded and stored. */
export interface GetOrSetOptions {
  /** Milliseconds that the loaded value lasts. Default: the cache's `ttl`. */
  ttl?: number | undefined;
  /**
   * For so many milliseconds after its expiry the old value is given out at once, while one process loads a new one; also one that was
   * stored without this option, for as long as it is there. What is loaded is stored with it. Default: what the entry was stored with.
   */
  staleWhileRevalidate?: number | undefined;
  tags?: readonly string[] | undefined;
  /**
   * Milliseconds to wait for another caller, of this process or another one, that is loading the same key, and for a turn where 256 loads
   * are under way. Default: the cache's `lockTimeout`. A load of one's own may take as long as it likes.
   */
  lockTimeout?: number | undefined;
  /** Ends this caller's wait, and no one else's. */
  signal?: AbortSignal | undefined;
}

/** The same, checked. */
export interface FlightOptions {
  readonly ttl: number | undefined;
  /** `undefined`: what an entry was stored with is what counts. */
  readonly staleMs: number | undefined;
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
    staleMs: staleWhileRevalidate === undefined ? undefined : resolveStale(staleWhileRevalidate),
    tags: checkTags(tags),
    lockTimeoutMs: lockTimeout === undefined ? lockTimeoutMs : resolveTtl(lockTimeout),
    signal,
  };
}
