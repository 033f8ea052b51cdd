import { HoldfastError } from '../errors.js';
import type { ShardTotals } from './words.js';

/** How much a cache may hold. Absent: as much as the disk has. */
export interface Limits {
  /** Bytes of the entry files, headers and all. */
  readonly maxBytes?: number | undefined;
  readonly maxEntries?: number | undefined;
}

/** Eviction goes on down to this part of a limit, so that it need not begin again at the next write. */
const RESERVE = 0.9;

/** Throws `ERR_INVALID_ARGUMENT` for anything but whole numbers from 1. */
export function assertLimits({ maxBytes, maxEntries }: Limits): void {
  for (const [name, limit] of Object.entries({ maxBytes, maxEntries })) {
    if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 1)) continue;
    throw new HoldfastError('ERR_INVALID_ARGUMENT', `${name} must be a whole number from 1, not ${String(limit)}.`);
  }
}

/** Throws `ERR_VALUE_TOO_LARGE` where an entry of this length alone is more than the whole cache may hold. */
export function assertFits(entryBytes: number, { maxBytes }: Limits): void {
  if (maxBytes === undefined || entryBytes <= maxBytes) return;
  throw new HoldfastError(
    'ERR_VALUE_TOO_LARGE',
    `The entry takes ${entryBytes} bytes, and the whole cache may hold ${maxBytes}.`,
  );
}

/** Whether a limit is exceeded. */
export function isOver(
  { entries, bytes }: ShardTotals,
  { maxBytes = Infinity, maxEntries = Infinity }: Limits,
): boolean {
  return entries > maxEntries || bytes > maxBytes;
}

/**
 * Whether an entry of this length is to be evicted next: where a limit is exceeded always; below it only as far as the reserve goes,
 * so that no large entry is thrown away for it.
 */
export function wantsEviction(totals: ShardTotals, length: number, limits: Limits): boolean {
  if (isOver(totals, limits)) return true;
  const { maxBytes = Infinity, maxEntries = Infinity } = limits;
  const entriesToSpare = totals.entries > Math.max(1, Math.floor(maxEntries * RESERVE));
  return entriesToSpare || totals.bytes - length >= maxBytes * RESERVE;
}
