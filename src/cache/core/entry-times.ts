import type { EntryHeader } from '../format/index.js';
import { resolveTtl } from './options.js';

/** Until when an entry is fresh, and until when it may be returned as a stale one. */
export type Ends = Pick<EntryHeader, 'expiresAt' | 'staleUntil'>;

/** What decides how long a value lasts. */
export interface TimeOptions {
  /** Milliseconds from now. */
  readonly ttl?: number | undefined;
  /** For how many milliseconds after its expiry it may still be returned while a new one is loaded. */
  readonly staleMs?: number | undefined;
  /** Those of the entry whose value is being changed. They stay where no other time is given. */
  readonly kept?: Ends | undefined;
}

/** The times of a value that is stored now. A changed value expires when the one before would have. */
export function entryTimes(options: TimeOptions, usualTtlMs: number): Ends & Pick<EntryHeader, 'createdAt'> {
  const { ttl, staleMs, kept } = options;
  const createdAt = Date.now();
  if (kept !== undefined && ttl === undefined && staleMs === undefined) return { createdAt, ...kept };
  const keptExpiry = ttl === undefined ? kept?.expiresAt : undefined;
  const expiresAt = keptExpiry ?? createdAt + (ttl === undefined ? usualTtlMs : resolveTtl(ttl));
  return { createdAt, expiresAt, staleUntil: expiresAt + (staleMs ?? staleSpan(kept)) };
}

/** For how long after its expiry an entry may be returned as a stale one. */
function staleSpan(ends: Ends | undefined): number {
  // What never expires is never stale. The difference of two infinities would be NaN.
  if (ends === undefined || ends.expiresAt === Number.POSITIVE_INFINITY) return 0;
  return ends.staleUntil - ends.expiresAt;
}

/**
 * Whether an expired entry may still be returned while a new value is loaded. The caller's `staleMs` counts, else that
 * of the entry.
 */
export function isGivenStale(
  { expiresAt, staleUntil }: Pick<EntryHeader, 'expiresAt' | 'staleUntil'>,
  staleMs: number | undefined,
): boolean {
  return Date.now() < (staleMs === undefined ? staleUntil : expiresAt + staleMs);
}
