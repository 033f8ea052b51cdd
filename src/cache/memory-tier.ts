import { LRUCache } from 'lru-cache';
import type { TagStamp } from './entry.js';
import type { Era } from './era.js';
import type { Place } from './key.js';
import type { MemoryLimits } from './memory-options.js';
import { isHit, type Kept } from './protocol.js';
import { areCurrent } from './tags.js';

/** A value in memory: what a decode gave, and what must still hold for it to be given out. */
export interface KeptValue extends Kept {
  readonly place: Place;
  readonly value: unknown;
  readonly createdAt: number;
  /** `Infinity`: never. */
  readonly expiresAt: number;
  readonly tags: readonly TagStamp[];
  /** Whether each caller is to get a copy of the value. */
  readonly copied: boolean;
  /** The access clock when it was last noted that the slot is in use. */
  usedAt: number;
}

/** What the tier of one instance holds. */
export interface TierSize {
  readonly entries: number;
  readonly bytes: number;
}

/** Handed to every `get`, because lru-cache would make one each time. */
const LRU_GET = {};

/**
 * Values that this instance has read from the disk, the ones used last. It answers for no value by itself: a hit is what `isCurrent` says
 * is one, by words that all processes share. So nobody has to be told that a value has changed.
 *
 * It belongs to one era: with another one it begins empty.
 */
export class MemoryTier {
  readonly #values: LRUCache<string, KeptValue>;
  #era: Era;

  constructor({ maxEntries, maxBytes }: MemoryLimits, era: Era) {
    this.#values = new LRUCache({ max: maxEntries, maxSize: maxBytes });
    this.#era = era;
  }

  /** What was kept under a key, current or not. */
  find(key: string): KeptValue | undefined {
    return this.#values.get(key, LRU_GET);
  }

  /** Step 1 of a read, two loads; then whether the value has expired, or one of its tags was invalidated. */
  isCurrent(kept: KeptValue): boolean {
    const { words } = this.#era;
    if (!isHit(words, kept)) return false;
    const { expiresAt, tags } = kept;
    if (expiresAt !== Number.POSITIVE_INFINITY && expiresAt <= Date.now()) return false;
    return tags.length === 0 || areCurrent(words, tags);
  }

  /** Notes in shared memory, for eviction, that a slot is in use; only where the clock has gone on since. */
  noteUse(kept: KeptValue, clock: number): void {
    if (kept.usedAt === clock) return;
    kept.usedAt = clock;
    this.#era.words.touch(kept.slot, clock);
  }

  /**
   * Keeps what was read in an era. Values of a former one are dropped, not only found out of date: it may have been opened again from a
   * copy of its words, number and all. A value that exceeds the whole limit is not kept.
   */
  keep(era: Era, kept: KeptValue, payloadBytes: number): void {
    if (era !== this.#era) {
      this.#era = era;
      this.#values.clear();
    }
    this.#values.set(kept.place.key, kept, { size: Math.max(1, payloadBytes) });
  }

  forget(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }

  get size(): TierSize {
    return { entries: this.#values.size, bytes: this.#values.calculatedSize };
  }
}
