import { type Allowed, type CacheCore, isOver, wantsSparesGone } from '../core/index.js';
import { type Era, EraEnded } from '../era/index.js';
import { type Place, SHARDS } from '../format/index.js';
import { blocksOf } from '../shared/index.js';
import type { Eviction, Removed } from '../storage/index.js';

/*
 * How a write makes room for itself, once it is done:
 * 1. Add up what all shards hold. Within the limits: ready.
 * 2. In small caches, first give up what is only kept to be used again.
 * 3. The store says what has been used least, and how it is removed (shards/folder-eviction.ts).
 * 4. Try its shard's lock, once. Taken: that shard is passed over for this write. A writer that is stopped inside a section so costs nobody
 *    more than a try.
 * 5. Inside: look again whether room is still needed and the entry is still as cold; then remove it, as every removal, with steps 2
 *    to 4 of the protocol. Begin again at 1.
 *
 * So each write leaves no more than there is room for, and the cache never holds more than its limit and one entry for each write that is
 * under way. Nothing here waits.
 */

/** What one write may evict; it may go on only as long as it has not yet freed what it takes itself. */
export const MOST_EVICTIONS = 64;
/** Tries of one slice that come to nothing: shards that are taken, entries that somebody else was faster with. */
const MOST_TRIES = 2 * (SHARDS + MOST_EVICTIONS);

/** A write that makes room, from its beginning to its end. */
export interface Making {
  readonly era: Era;
  readonly written: Place;
  readonly allowed: Allowed;
  /** Blocks that the write takes itself. */
  readonly takes: number;
  /** Blocks that have been freed for it. */
  freed: number;
  readonly removed: Removed;
  /** Shards that were taken, or where something failed. */
  readonly passedOver: Set<number>;
}

/** Removes up to so many entries as one write may at once. `more`: it has to go on, since what it has freed is less than what it takes. */
export function makeRoom(core: CacheCore, eviction: Eviction, making: Making): 'ready' | 'more' {
  const { era, written, allowed, passedOver, removed } = making;
  const before = removed.entries;
  const isStillOver = () => isOver(era.words.totals.held(), allowed);
  const noteRemoved = (bytes: number) => {
    removed.entries += 1;
    removed.bytes += bytes;
    making.freed += blocksOf(era.words, bytes);
  };
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const held = era.words.totals.held();
    if (!isOver(held, allowed)) return 'ready';
    if (removed.entries - before >= MOST_EVICTIONS) return making.freed < making.takes ? 'more' : 'ready';
    const sparesFirst = wantsSparesGone(held, allowed);
    const step = eviction.next({ era, written, passedOver, sparesFirst, isStillOver, removed: noteRemoved });
    if (step === undefined) return 'ready';
    if (!tried(core, era, step.shard, step.work)) passedOver.add(step.shard);
  }
  return 'ready';
}

/** What fails in one shard is no reason to fail the write, which has succeeded: others are tried. */
function tried(core: CacheCore, era: Era, shard: number, work: () => void): boolean {
  try {
    return core.sections.tryInside(era, shard, work);
  } catch (error) {
    if (error instanceof EraEnded) throw error;
    return false;
  }
}
