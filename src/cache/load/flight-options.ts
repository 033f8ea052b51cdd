import { invalidArgument } from '../../errors.js';
import { assertKnownOptions, namesOf } from '../../lock/index.js';
import { isAbortSignal } from '../../os/realms.js';
import { resolveStale, resolveTtl } from '../core/index.js';
import { checkTags } from '../format/index.js';

/** How a value is loaded and stored. */
export interface GetOrSetOptions {
  /** Milliseconds that the loaded value lasts. Default: the cache's `ttl`. */
  ttl?: number | undefined;
  /**
   * For so many milliseconds after its expiry the old value is given out at once, while one process loads a new one.
   * This also holds for a value that was stored without this option, as long as its entry is there. The loaded value is
   * stored with it. Default: what the entry was stored with.
   */
  staleWhileRevalidate?: number | undefined;
  tags?: readonly string[] | undefined;
  /**
   * Milliseconds to wait while another caller, in any process, loads the same key, or while 256 loads of this thread
   * are under way. Default: the cache's `lockTimeout`. The caller's own loader has no time limit.
   */
  lockTimeout?: number | undefined;
  /** Ends the wait of this caller only. */
  signal?: AbortSignal | undefined;
}

/** The same options, checked. */
export interface FlightOptions {
  readonly ttl: number | undefined;
  /** `undefined`: what an entry was stored with counts. */
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
  if (signal !== undefined && !isAbortSignal(signal)) throw invalidArgument('signal must be an AbortSignal.');
  return {
    ttl: ttl === undefined ? undefined : resolveTtl(ttl),
    staleMs: staleWhileRevalidate === undefined ? undefined : resolveStale(staleWhileRevalidate),
    tags: checkTags(tags),
    lockTimeoutMs: lockTimeout === undefined ? lockTimeoutMs : resolveTtl(lockTimeout),
    signal,
  };
}
