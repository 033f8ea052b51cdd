import { type Allowed, type CacheCore, isOver, wantsSparesGone } from '../core/index.js';
import { type Era, EraEnded } from '../era/index.js';
import { type Place, SHARDS } from '../format/index.js';
import { blocksOf } from '../shared/index.js';
import type { Eviction, Removed } from '../storage/index.js';

/*
 * How a write makes room for itself, after it has been done:
 * 1. Add up what all shards hold. Within the limits: ready.
 * 2. In small caches, first remove the recycled files.
 * 3. The store says which entry is the coldest, and how to remove it (shards/folder-eviction.ts).
 * 4. Try the lock of its shard once. If it is taken, this write passes over that shard. So a writer that is stopped
 *    inside a section costs others one try.
 * 5. In the section, check again that room is needed and that the entry is still as cold. Then remove it with steps 2
 *    to 4 of the protocol, as every removal. Begin again at 1.
 *
 * So after each write the cache is within its limits. It never holds more than its limit and one entry for each write
 * that is under way. Nothing here waits.
 */

/**
 * How many entries one slice of a write may evict. It may go on with another slice only until it has freed as much as
 * it takes.
 */
export const MOST_EVICTIONS = 64;
/**
 * How many tries one slice may make. A try fails where the lock of the shard is taken, or another process has removed
 * the entry first.
 */
const MOST_TRIES = 2 * (SHARDS + MOST_EVICTIONS);

/** A write that makes room, from its beginning to its end. */
export interface Making {
  readonly era: Era;
  readonly written: Place;
  readonly allowed: Allowed;
  /** Blocks that the written entry takes. */
  readonly takes: number;
  /** Blocks that have been freed so far. */
  freed: number;
  readonly removed: Removed;
  /** Shards whose lock was taken, or where an error happened. */
  readonly passedOver: Set<number>;
}

/**
 * Removes entries until the cache is within its limits, or one slice is over. `more`: the write must go on, since it
 * has freed less than it takes.
 */
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

/** An error in one shard must not fail the write, which has succeeded: the next shard is tried. */
function tried(core: CacheCore, era: Era, shard: number, work: () => void): boolean {
  try {
    return core.sections.tryInside(era, shard, work);
  } catch (error) {
    if (error instanceof EraEnded) throw error;
    return false;
  }
}
