import { type Allowed, isOver } from '../core/index.js';
import type { Era } from '../era/index.js';

/**
 * The shards are added up at least once in so many writes. That finds the growth that a killed writer has not noted.
 */
const MOST_WRITES_UNSEEN = 64;

/**
 * Knows without adding up 256 shards that a cache is well within its limits: from the room that was free when they were
 * added up last, and from the growth that all processes have noted since.
 */
export class Room {
  #era: Era | undefined;
  #freeEntries = 0;
  #freeBlocks = 0;
  #grownEntries = 0;
  #grownBlocks = 0;
  #unseen = 0;

  /** Whether the cache is within its limits. */
  isThere(era: Era, allowed: Allowed): boolean {
    return this.#wasEnough(era, allowed) || this.#isEnough(era, allowed);
  }

  #wasEnough(era: Era, { blocks, spareBlocks }: Allowed): boolean {
    const { totals } = era.words;
    this.#unseen += 1;
    // Where recycled files count, growth is not enough: it does not include them.
    if (era !== this.#era || this.#unseen > MOST_WRITES_UNSEEN || (spareBlocks > 0 && blocks !== Infinity))
      return false;
    if ((totals.grownEntries - this.#grownEntries) >>> 0 > this.#freeEntries) return false;
    return (totals.grownBlocks - this.#grownBlocks) >>> 0 <= this.#freeBlocks;
  }

  /** Loads the growth before the totals: growth in between is counted twice, rather than not at all. */
  #isEnough(era: Era, allowed: Allowed): boolean {
    const { totals } = era.words;
    this.#era = era;
    this.#unseen = 0;
    this.#grownEntries = totals.grownEntries;
    this.#grownBlocks = totals.grownBlocks;
    const held = totals.held();
    this.#freeEntries = allowed.entries - held.entries;
    this.#freeBlocks = allowed.blocks - held.blocks;
    return !isOver(held, allowed);
  }
}
