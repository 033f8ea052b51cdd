import { LRUCache } from 'lru-cache';
import { isGivenStale, type MemoryLimits } from '../core/index.js';
import type { Era } from '../era/index.js';
import type { Place, TagStamp } from '../format/index.js';
import { accessClock, areCurrent, isHit, type Kept, TICKS_PER_SECOND } from '../shared/index.js';

/** Up to this limit the memory for the order of use is allocated at once. */
const MOST_AT_ONCE = 65_536;
/** A Map of V8 holds at most 2^24 entries. */
const MOST_OF_A_MAP = 2 ** 24 - 1;

/** A new turn begins when this part of the tier has been replaced. */
const PART_OF_TURN = 1 / 8;

/** A decoded value, and what must still hold for a read to return it. */
export interface KeptValue extends Kept {
  readonly place: Place;
  readonly value: unknown;
  /** Whether each caller is to get a copy of the value. */
  readonly copied: boolean;
  /** Whether it expires or has tags. Most values do not, so that a hit checks this one field only. */
  readonly mayEnd: boolean;
  readonly createdAt: number;
  /** `Infinity`: never. */
  readonly expiresAt: number;
  readonly staleUntil: number;
  readonly tags: readonly TagStamp[];
  /** The turn in which its use was last noted. */
  turn: number;
}

/** What the tier of one instance holds. */
export interface TierSize {
  readonly entries: number;
  readonly bytes: number;
}

/**
 * The values that this instance has read from the disk and used last. Whether a read may return one of them, the words
 * decide that all processes share (`isCurrent`). So no process has to be notified when a value changes.
 *
 * Two structures hold the same values: a Map for hits, and an LRUCache for the order of use, which says what to drop.
 * An update of the order takes longer than the rest of a hit. So only the first hit of a value in each **turn** does
 * it. A turn ends after a second, or sooner when an eighth of the tier has been replaced.
 */
export class MemoryTier {
  readonly #values = new Map<string, KeptValue>();
  readonly #order: LRUCache<string, KeptValue>;
  readonly #keepsPerTurn: number;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #keepsInTurn = 0;
  #turn = 0;
  #second = secondNow();
  #era: Era;

  constructor({ maxEntries, maxBytes }: MemoryLimits, era: Era) {
    this.#order = new LRUCache({
      // With a number, the memory for it is allocated at once. Without one, it grows with the entries.
      ...(maxEntries <= MOST_AT_ONCE ? { max: maxEntries } : {}),
      maxSize: maxBytes,
      dispose: (_, key, reason) => {
        if (reason !== 'set') this.#values.delete(key);
      },
    });
    this.#keepsPerTurn = Math.ceil(maxEntries * PART_OF_TURN);
    this.#maxEntries = Math.min(maxEntries, MOST_OF_A_MAP);
    this.#maxBytes = maxBytes;
    this.#era = era;
  }

  /** The value that is kept under a key, current or not. */
  get(key: string): KeptValue | undefined {
    return this.#values.get(key);
  }

  /** Step 1 of a read, two loads; then whether the value has expired, or one of its tags was invalidated. */
  isCurrent(kept: KeptValue): boolean {
    return isHit(this.#era.words, kept) && !(kept.mayEnd && this.#hasEnded(kept));
  }

  /** The same for a value that has expired, and may still be returned while a new one is loaded. */
  isStale(kept: KeptValue, staleMs: number | undefined): boolean {
    if (!kept.mayEnd || kept.expiresAt > Date.now() || !isGivenStale(kept, staleMs)) return false;
    return isHit(this.#era.words, kept) && areCurrent(this.#era.words, kept.tags);
  }

  #hasEnded({ expiresAt, tags }: KeptValue): boolean {
    return expiresAt <= Date.now() || !areCurrent(this.#era.words, tags);
  }

  /** To be called at each hit. */
  noteUse(kept: KeptValue): void {
    if (kept.turn !== this.#turn) this.#noteInTurn(kept);
  }

  /** Notes the use twice: for the order in which values are dropped here, and for eviction from the disk. */
  #noteInTurn(kept: KeptValue): void {
    kept.turn = this.#turn;
    this.#order.get(kept.place.key);
    this.#era.words.touch(kept.slot, accessClock());
  }

  /** To be called once a second, or more often. */
  tick(): void {
    const second = secondNow();
    if (second === this.#second) return;
    this.#second = second;
    this.#nextTurn();
  }

  #nextTurn(): void {
    this.#turn += 1;
    this.#keepsInTurn = 0;
  }

  /**
   * Keeps a value that was read in an era. Values of a former era are dropped first. That they would not be current is
   * not enough: the former era may be opened again from a copy of its words, with the same number. The value must not
   * exceed the whole limit ({@link holds}).
   */
  keep(era: Era, kept: KeptValue, payloadBytes: number): void {
    if (era !== this.#era) this.#follow(era);
    const { key } = kept.place;
    kept.turn = this.#turn;
    if (this.#values.size >= this.#maxEntries && !this.#values.has(key)) this.#order.pop();
    this.#order.set(key, kept, { size: Math.max(1, payloadBytes) });
    this.#values.set(key, kept);
    this.#keepsInTurn += 1;
    if (this.#keepsInTurn >= this.#keepsPerTurn) this.#nextTurn();
  }

  /** Whether a value of this length can be kept at all. */
  holds(payloadBytes: number): boolean {
    return payloadBytes <= this.#maxBytes;
  }

  forget(key: string): void {
    this.#order.delete(key);
  }

  clear(): void {
    this.#order.clear();
  }

  get size(): TierSize {
    return { entries: this.#values.size, bytes: this.#order.calculatedSize };
  }

  #follow(era: Era): void {
    this.clear();
    this.#era = era;
  }
}

function secondNow(): number {
  return Math.floor(accessClock() / TICKS_PER_SECOND);
}
