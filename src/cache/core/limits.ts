import { HoldfastError, invalidArgument } from '../../errors.js';
import { shown } from '../../os/shown.js';
import { SHARDS } from '../format/index.js';
import { blocksOf, type Held, LONGEST_SPARE, type SharedWords } from '../shared/index.js';

/** How much a cache may hold. Absent: no limit but the disk's. */
export interface Limits {
  /** Bytes of the disk: each file counts in whole blocks (blocks.ts). */
  readonly maxBytes?: number | undefined;
  readonly maxEntries?: number | undefined;
}

/** Limits in the units of one era's totals. */
export interface Allowed {
  /** `Infinity`: no limit. */
  readonly entries: number;
  /** For entries, and for recycled files where these are counted. `Infinity`: no limit. */
  readonly blocks: number;
  /** What each shard's recycled file counts as. 0: `blocks` has been lowered by the space for all of them. */
  readonly spareBlocks: number;
}

/**
 * Space for all recycled files is set aside if that takes no larger part of `maxBytes`. In smaller caches each recycled
 * file counts.
 */
const PART_FOR_SPARES = 1 / 16;

/** Throws `ERR_INVALID_ARGUMENT` for anything but whole numbers from 1. */
export function assertLimits({ maxBytes, maxEntries }: Limits): void {
  for (const [name, limit] of Object.entries({ maxBytes, maxEntries })) {
    if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 1)) continue;
    throw invalidArgument(`${name} must be a whole number from 1, not ${shown(limit)}.`);
  }
}

/** What the limits allow on the file system of an era. */
export function allowedBy(
  { maxBytes = Infinity, maxEntries = Infinity }: Limits,
  words: Pick<SharedWords, 'blockBytes'>,
): Allowed {
  const blocks = Math.floor(maxBytes / words.blockBytes);
  const each = blocksOf(words, LONGEST_SPARE);
  const allSpares = SHARDS * each;
  return allSpares <= blocks * PART_FOR_SPARES
    ? { entries: maxEntries, blocks: blocks - allSpares, spareBlocks: 0 }
    : { entries: maxEntries, blocks, spareBlocks: each };
}

/** Throws `ERR_VALUE_TOO_LARGE` where a file of this length is more than the whole cache may hold. */
export function assertFits(fileLength: number, allowed: Allowed, words: Pick<SharedWords, 'blockBytes'>): void {
  if (blocksOf(words, fileLength) <= allowed.blocks) return;
  const [takes, may] = [blocksOf(words, fileLength), allowed.blocks].map((blocks) => blocks * words.blockBytes);
  throw new HoldfastError(
    'ERR_VALUE_TOO_LARGE',
    `The entry takes ${takes} bytes of the disk, in blocks of ${words.blockBytes}, and all entries of the cache may take ${may}.`,
  );
}

/** Whether a limit is exceeded. */
export function isOver(held: Held, allowed: Allowed): boolean {
  return held.entries > allowed.entries || blocksHeld(held, allowed) > allowed.blocks;
}

/**
 * Whether recycled files are to be removed before any entry: a limit is exceeded, and they take more than a small part
 * of it.
 */
export function wantsSparesGone(held: Held, allowed: Allowed): boolean {
  return (
    blocksHeld(held, allowed) > allowed.blocks && held.spares * allowed.spareBlocks > allowed.blocks * PART_FOR_SPARES
  );
}

function blocksHeld(held: Held, { spareBlocks }: Allowed): number {
  return held.blocks + held.spares * spareBlocks;
}
