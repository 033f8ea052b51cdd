import { isOutOfSpace } from '../../errors.js';
import type { CacheCore } from '../core/index.js';
import { type Era, EraEnded } from '../era/index.js';
import type { Place } from '../format/index.js';
import { type Counters, isOdd, type Party, partyOf, protocol, run } from '../shared/index.js';
import { ABSENT, type Found, type FoundEntry } from '../storage/index.js';
import { decodeEntry, freshEntry } from './fresh.js';
import { type KeptValue, MemoryTier, type TierSize } from './memory-tier.js';
import { copyInTurns, copyOf, freezeDeeply, isBytes, isLongBuffer, sharing } from './share-value.js';

/** After so many hits the era is checked, for loops that never let a timer run. */
const HITS_PER_CHECK = 4_096;
/** How often a read begins, where the era ends or a writer dies meanwhile. After that the value is not kept. */
const MOST_STARTS = 8;
const LOADS_OF_ODD = 1_000;

/** What a read saw before it read the disk. `undefined`: the value is not to be kept. */
export type ReadStart = { readonly era: Era; readonly party: Party } | undefined;

/** Returns a value, or a promise of it, for one more caller. */
export type GiveOut = () => unknown;

/**
 * Reads through memory: the kept value if it is still current, else the value on the disk, which is then kept. Steps 1
 * and 2 of a read (protocol.ts). Every read of a value comes through here, and is counted here.
 */
export class Reads {
  readonly #core: CacheCore;
  readonly #counters: Counters;
  readonly #sharing = sharing();
  readonly #tier: MemoryTier | undefined;

  constructor(core: CacheCore) {
    this.#core = core;
    this.#counters = core.counters;
    const { memory } = core.options;
    if (memory === undefined) return;
    const tier = new MemoryTier(memory, core.sections.opened);
    this.#tier = tier;
    core.everySecond(() => tier.tick());
  }

  /** The size of the memory tier; `undefined` where there is none. */
  get tierSize(): TierSize | undefined {
    return this.#tier?.size;
  }

  /**
   * The place of a key. Its hash is computed only if no value is kept. Throws `ERR_CACHE_CLOSED`, `ERR_INVALID_KEY`.
   */
  placeOf(key: string): Place {
    const kept = this.#tier?.get(key);
    if (kept === undefined) return this.#core.place(key);
    this.#core.assertOpen();
    return kept.place;
  }

  /** Step 1: the value in memory if it is current. No system call, and no hash of the key. */
  hit(key: string): KeptValue | undefined {
    const tier = this.#tier;
    const kept = tier?.get(key);
    if (tier === undefined || kept === undefined || !tier.isCurrent(kept)) return undefined;
    tier.noteUse(kept);
    this.#counters.memoryHits += 1;
    // The timer does the same each second, and resets the counter. After so many hits it may have had no chance to run.
    return this.#counters.memoryHits >= HITS_PER_CHECK ? this.#checkAndHit(tier, kept) : kept;
  }

  /** Step 2, waiting on this thread. */
  fillSync(key: string): KeptValue | undefined {
    const place = this.placeOf(key);
    const start = this.startRead(place);
    return this.#finishRead(place, start, this.#findSync(place));
  }

  /** Step 2. */
  async fill(key: string): Promise<KeptValue | undefined> {
    const place = this.placeOf(key);
    const start = this.startRead(place);
    return this.#core.storage.find(place, (found) => this.#finishRead(place, start, found));
  }

  /** Whether the disk holds a value, for a key without a hit. The value is neither decoded nor kept. */
  async has(key: string): Promise<boolean> {
    const place = this.placeOf(key);
    return this.#core.storage.find(place, (found) => this.count(freshEntry(this.#core, place, found)) !== undefined);
  }

  hasSync(key: string): boolean {
    const place = this.placeOf(key);
    return this.count(freshEntry(this.#core, place, this.#findSync(place))) !== undefined;
  }

  /** The first part of step 2: before the disk is read. */
  startRead(place: Place): ReadStart {
    if (this.#tier === undefined) return undefined;
    for (let starts = 0; starts < MOST_STARTS; starts += 1) {
      const era = this.#core.sections.tryEra();
      if (era === undefined) return undefined;
      const party = partyOf(era.number, place.shard, place.slot);
      const outcome = run(protocol.beforeReading, era.words, party);
      if (outcome === undefined) return { era, party };
      if (outcome === 'damaged') era.words.endEra();
      if (outcome === 'odd' && !this.#writerLeaves(era, place) && !this.#repair(place)) return undefined;
    }
    return undefined;
  }

  /**
   * The last part of step 2: decodes an entry that may be returned, and keeps the value where `start` allows it.
   * Outside any section.
   */
  decodeAndKeep(place: Place, start: ReadStart, entry: FoundEntry): KeptValue | undefined {
    const decoded = decodeEntry(this.#core, place, entry);
    if (decoded === undefined) return undefined;
    const shared = this.#tier !== undefined;
    if (shared && this.#sharing === 'freeze') freezeDeeply(decoded.value);
    const { createdAt, expiresAt, staleUntil, tags, payloadLength } = entry.header;
    // If the era ended meanwhile, the value may belong to the next one.
    const mayKeep = start !== undefined && start.era === this.#core.sections.opened;
    const keeps = mayKeep && this.#tier?.holds(payloadLength) === true;
    // The fields that a hit checks come first, so that they are close together in memory.
    const kept: KeptValue = {
      era: start?.party.era ?? 0,
      slot: place.slot,
      epoch: start?.party.epoch ?? 0,
      mayEnd: expiresAt !== Number.POSITIVE_INFINITY || tags.length > 0,
      turn: 0,
      copied: keeps && isBytes(decoded.value),
      value: decoded.value,
      place,
      createdAt,
      expiresAt,
      staleUntil,
      tags,
    };
    if (keeps) this.#tier?.keep(start.era, kept, payloadLength);
    else if (mayKeep) this.#tier?.forget(place.key);
    return kept;
  }

  /**
   * Step 1 for an expired value: returns it where the disk still holds it and it may be returned while a new one is
   * loaded. It counts as a miss, like an expired value that is read from the disk.
   */
  staleHit(key: string, staleMs: number | undefined): KeptValue | undefined {
    const kept = this.#tier?.get(key);
    if (kept === undefined || !this.#tier?.isStale(kept, staleMs)) return undefined;
    this.#counters.misses += 1;
    return kept;
  }

  /**
   * How callers get a value that was decoded, but not kept: as from other reads. With a memory tier all get the same
   * object, frozen outside production. Without one each gets a decode of its own; the first caller gets `value`. Each
   * caller gets its own copy of bytes.
   */
  giveOut(value: unknown, decodeAgain: () => unknown): GiveOut {
    if (isBytes(value)) return () => (isLongBuffer(value) ? copyInTurns(value) : copyOf(value));
    if (this.#tier !== undefined) {
      if (this.#sharing === 'freeze') freezeDeeply(value);
      return () => value;
    }
    let first: { readonly value: unknown } | undefined = { value };
    return () => {
      if (first === undefined) return decodeAgain();
      const given = first.value;
      first = undefined;
      return given;
    };
  }

  /** The same for an entry that was read. Its payload must not change as long as callers may ask for it. */
  giveEntry(place: Place, entry: FoundEntry): GiveOut | undefined {
    const { codec } = this.#core.options;
    // A decoded value may use memory of its own. It may not if more values are decoded from that memory.
    const once = this.#tier !== undefined || codec.name === 'bytes';
    const decoded = decodeEntry(this.#core, place, once ? entry : { ...entry, memory: 'lent' });
    return decoded && this.giveOut(decoded.value, () => codec.decode(entry.payload));
  }

  /** Counts a read of the disk. */
  count<T>(found: T | undefined): T | undefined {
    if (found === undefined) this.#counters.misses += 1;
    else this.#counters.diskHits += 1;
    return found;
  }

  close(): void {
    this.#tier?.clear();
  }

  /** Without space on the disk no new era can be made. Then there is no value either. */
  #findSync(place: Place): Found {
    try {
      return this.#core.storage.findSync(place);
    } catch (error) {
      if (this.#core.sections.opened.ended && isOutOfSpace(error)) return ABSENT;
      throw error;
    }
  }

  #finishRead(place: Place, start: ReadStart, found: Found): KeptValue | undefined {
    const entry = freshEntry(this.#core, place, found);
    const kept = entry === undefined ? undefined : this.decodeAndKeep(place, start, entry);
    if (kept === undefined) this.#tier?.forget(place.key);
    return this.count(kept);
  }

  #checkAndHit(tier: MemoryTier, kept: KeptValue): KeptValue | undefined {
    this.#core.doEachSecond();
    return tier.isCurrent(kept) ? kept : undefined;
  }

  /**
   * Whether the present writer leaves within so many loads of the epoch: some ten microseconds, about as long as a
   * section. To ask for the lock would cost more, and would delay other writers.
   */
  #writerLeaves({ words }: Era, { slot }: Place): boolean {
    for (let loads = 0; loads < LOADS_OF_ODD; loads += 1) {
      if (!isOdd(words.epoch(slot))) return true;
    }
    return false;
  }

  /** False: a writer is at work. */
  #repair({ shard, slot }: Place): boolean {
    try {
      return this.#core.sections.tryRepair(shard, slot);
    } catch (error) {
      if (error instanceof EraEnded) return true;
      throw error;
    }
  }
}

/** The value as a caller may get it. */
export function handOut({ value, copied }: KeptValue): unknown {
  return copied ? copyOf(value as Uint8Array) : value;
}

/** The same for a caller that can wait: long bytes are copied in slices, with turns of the event loop between. */
export function handOutLater(kept: KeptValue): unknown {
  const { value, copied } = kept;
  return copied && isLongBuffer(value) ? copyInTurns(value) : handOut(kept);
}
