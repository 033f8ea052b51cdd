import { type Allowed, isOver } from '../core/index.js';
import type { Era } from '../era/index.js';

/** The shards are added up at least once in so many writes: what a writer that was killed had not told of is found then. */
const MOST_WRITES_UNSEEN = 64;

/**
 * Knows without adding up 256 shards that a cache is within its limits, as long as it is well within: from what was free when they were
 * added up last, and from how much all processes have added since.
 */
export class Room {
  #era: Era | undefined;
  #freeEntries = 0;
  #freeBlocks = 0;
  #grownEntries = 0;
  #grownBlocks = 0;
  #unseen = 0;

  /** False: a limit is exceeded. */
  isThere(era: Era, allowed: Allowed): boolean {
    return this.#wasEnough(era, allowed) || this.#isEnough(era, allowed);
  }

  #wasEnough(era: Era, { blocks, spareBlocks }: Allowed): boolean {
    const { totals } = era.words;
    this.#unseen += 1;
    // Spare files that count come and go without being told of.
    if (era !== this.#era || this.#unseen > MOST_WRITES_UNSEEN || (spareBlocks > 0 && blocks !== Infinity))
      return false;
    if ((totals.grownEntries - this.#grownEntries) >>> 0 > this.#freeEntries) return false;
    return (totals.grownBlocks - this.#grownBlocks) >>> 0 <= this.#freeBlocks;
  }

  /** Growth is loaded first: what comes in between is counted twice rather than not at all. */
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
