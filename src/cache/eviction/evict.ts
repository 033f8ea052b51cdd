import { type Allowed, type CacheCore, isOver, wantsSparesGone } from '../core/index.js';
import { giveUpSpare, removeLeftover, removeNamed } from '../disk/index.js';
import { type Era, EraEnded } from '../era/index.js';
import { type Place, SHARDS } from '../format/index.js';
import { blocksOf } from '../shared/index.js';
import type { Removed } from './expired.js';
import { type Candidate, isUnchanged, type Victims } from './victims.js';

/*
 * How a write makes room for itself, once it is done:
 * 1. Add up what all shards hold. Within the limits: ready.
 * 2. In small caches, first give up a file that is kept to be used again.
 * 3. Choose the coldest entry of the own shard and, where that is small, of some that follow. Nobody is asked: times of last use and epochs
 *    are words of shared memory (victims.ts).
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
const MOST_TRIES = SHARDS + 2 * MOST_EVICTIONS;

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
export function makeRoom(core: CacheCore, victims: Victims, making: Making): 'ready' | 'more' {
  const { era, allowed, removed } = making;
  const before = removed.entries;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const held = era.words.totals.held();
    if (!isOver(held, allowed)) return 'ready';
    if (removed.entries - before >= MOST_EVICTIONS) return making.freed < making.takes ? 'more' : 'ready';
    if (wantsSparesGone(held, allowed) && giveUpSomeSpare(core, making)) continue;
    const victim = victims.coldest(era, making.written, making.passedOver);
    removeLeftovers(core, victims, making);
    if (victim === undefined) return 'ready';
    victims.drop(victim);
    const work = () => remove(making, victim);
    if (!tried(core, making, victim.shard, work)) making.passedOver.add(victim.shard);
  }
  return 'ready';
}

function remove(making: Making, victim: Candidate): void {
  const { era, allowed, removed } = making;
  if (!isOver(era.words.totals.held(), allowed) || !isUnchanged(era, victim)) return;
  const bytes = removeNamed(era, victim.shard, victim.name);
  if (bytes === undefined) return;
  removed.entries += 1;
  removed.bytes += bytes;
  making.freed += blocksOf(era.words, bytes);
}

/** Whoever has read a folder also removes what killed writers left there: it takes space, and is in no total. */
function removeLeftovers(core: CacheCore, victims: Victims, making: Making): void {
  const { era, passedOver } = making;
  for (let left = victims.nextLeftover(); left !== undefined; left = victims.nextLeftover()) {
    const { shard, name } = left;
    if (passedOver.has(shard)) continue;
    if (!tried(core, making, shard, () => removeLeftover(era, shard, name))) passedOver.add(shard);
  }
}

/** Of the own shard, or of one that follows. False: there is none that can be had. */
function giveUpSomeSpare(core: CacheCore, making: Making): boolean {
  const { era, written, passedOver } = making;
  for (let step = 0; step < SHARDS; step += 1) {
    const shard = (written.shard + step) % SHARDS;
    if (era.words.spare(shard) === 0 || passedOver.has(shard)) continue;
    if (tried(core, making, shard, () => giveUpSpare(era, shard))) return true;
    passedOver.add(shard);
  }
  return false;
}

/** What fails in one shard is no reason to fail the write, which has succeeded: others are tried. */
function tried(core: CacheCore, { era }: Making, shard: number, work: () => void): boolean {
  try {
    return core.sections.tryInside(era, shard, work);
  } catch (error) {
    if (error instanceof EraEnded) throw error;
    return false;
  }
}
