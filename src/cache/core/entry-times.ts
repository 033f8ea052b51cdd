import type { EntryHeader } from '../format/index.js';
import { resolveTtl } from './options.js';

/** Until when an entry is fresh, and until when it may be given out as a stale one. */
export type Ends = Pick<EntryHeader, 'expiresAt' | 'staleUntil'>;

/** What decides how long a value lasts. */
export interface TimeOptions {
  /** Milliseconds from now. */
  readonly ttl?: number | undefined;
  /** How long after its expiry it may still be given out while a new one is loaded (milliseconds). */
  readonly staleMs?: number | undefined;
  /** Of the entry whose value is being changed: what is not given stays as it is. */
  readonly kept?: Ends | undefined;
}

/** When a value that is stored now was stored, and when it ends. A changed one ends when the one before would have. */
export function entryTimes(options: TimeOptions, usualTtlMs: number): Ends & Pick<EntryHeader, 'createdAt'> {
  const { ttl, staleMs, kept } = options;
  const createdAt = Date.now();
  if (kept !== undefined && ttl === undefined && staleMs === undefined) return { createdAt, ...kept };
  const keptExpiry = ttl === undefined ? kept?.expiresAt : undefined;
  const expiresAt = keptExpiry ?? createdAt + (ttl === undefined ? usualTtlMs : resolveTtl(ttl));
  return { createdAt, expiresAt, staleUntil: expiresAt + (staleMs ?? staleSpan(kept)) };
}

/** For how long after its expiry. */
function staleSpan(ends: Ends | undefined): number {
  // What never expires is never stale, and the difference of two infinities is no number.
  if (ends === undefined || ends.expiresAt === Number.POSITIVE_INFINITY) return 0;
  return ends.staleUntil - ends.expiresAt;
}

/** Whether an expired entry may still be given out while a new value is loaded. What a caller asks for counts, else what was stored. */
export function isGivenStale(
  { expiresAt, staleUntil }: Pick<EntryHeader, 'expiresAt' | 'staleUntil'>,
  staleMs: number | undefined,
): boolean {
  return Date.now() < (staleMs === undefined ? staleUntil : expiresAt + staleMs);
}
