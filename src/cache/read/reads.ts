import { isOutOfSpace } from '../../errors.js';
import type { CacheCore } from '../core/index.js';
import { type Era, EraEnded } from '../era/index.js';
import type { Place } from '../format/index.js';
import { type Counters, isOdd, type Party, partyOf, protocol, run } from '../shared/index.js';
import { ABSENT, type Found, type FoundEntry } from '../storage/index.js';
import { decodeEntry, freshEntry } from './fresh.js';
import { type KeptValue, MemoryTier, type TierSize } from './memory-tier.js';
import { copyInTurns, copyOf, freezeDeeply, isBytes, isLongBuffer, sharing } from './share-value.js';

/** After so many hits it is looked whether the era still stands, for loops that never let a timer run. */
const HITS_PER_LOOK = 4_096;
/** How often a fill starts again, where the era ends or somebody dies under it, before it reads without keeping. */
const MOST_STARTS = 8;
const LOOKS_AT_ODD = 1_000;

/** What a fill saw before it read the disk. `undefined`: what it reads is not to be kept. */
export type Look = { readonly era: Era; readonly party: Party } | undefined;

/** Gives a value, or a promise of it, to one more caller. */
export type GiveOut = () => unknown;

/**
 * Reads through memory: what was kept, where it is still current, else what the disk holds, which is then kept. Step 1 and step 2 of a
 * read (protocol.ts). Every read of a value goes through here, and is counted here.
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

  /** What the tier holds; `undefined` where there is none. */
  get tierSize(): TierSize | undefined {
    return this.#tier?.size;
  }

  /** Where a key lives, without computing its hash where it is known. Throws `ERR_CACHE_CLOSED`, `ERR_INVALID_KEY`. */
  placeOf(key: string): Place {
    const kept = this.#tier?.find(key);
    if (kept === undefined) return this.#core.place(key);
    this.#core.assertOpen();
    return kept.place;
  }

  /** Step 1: the value in memory if it is current. No system call, and no hash of the key. */
  hit(key: string): KeptValue | undefined {
    const tier = this.#tier;
    const kept = tier?.find(key);
    if (tier === undefined || kept === undefined || !tier.isCurrent(kept)) return undefined;
    tier.noteUse(kept);
    this.#counters.memoryHits += 1;
    // What was counted is flushed once a second, together with the same look: whoever comes so far has let no timer run.
    return this.#counters.memoryHits >= HITS_PER_LOOK ? this.#lookAndHit(tier, kept) : kept;
  }

  /** Step 2, waiting on this thread. */
  fillSync(key: string): KeptValue | undefined {
    const place = this.placeOf(key);
    const look = this.look(place);
    return this.#settle(place, look, this.#findSync(place));
  }

  /** Step 2. */
  async fill(key: string): Promise<KeptValue | undefined> {
    const place = this.placeOf(key);
    const look = this.look(place);
    return this.#core.storage.find(place, (found) => this.#settle(place, look, found));
  }

  /** Whether there is a value, without decoding or keeping it: what `hit` did not know. */
  async has(key: string): Promise<boolean> {
    const place = this.placeOf(key);
    return this.#core.storage.find(place, (found) => this.count(freshEntry(this.#core, place, found)) !== undefined);
  }

  hasSync(key: string): boolean {
    const place = this.placeOf(key);
    return this.count(freshEntry(this.#core, place, this.#findSync(place))) !== undefined;
  }

  /** The first part of step 2: before the disk is read. */
  look(place: Place): Look {
    if (this.#tier === undefined) return undefined;
    for (let starts = 0; starts < MOST_STARTS; starts += 1) {
      const era = this.#core.sections.tryEra();
      if (era === undefined) return undefined;
      const party = partyOf(era.number, place.shard, place.slot);
      const outcome = run(protocol.look, era.words, party);
      if (outcome === undefined) return { era, party };
      if (outcome === 'damaged') era.words.endEra();
      if (outcome === 'odd' && !this.#passes(era, place) && !this.#repair(place)) return undefined;
    }
    return undefined;
  }

  /** The last part of step 2: decodes an entry that may be given out, and keeps the value if the look allows it. Outside any section. */
  keep(place: Place, look: Look, entry: FoundEntry): KeptValue | undefined {
    const decoded = decodeEntry(this.#core, place, entry);
    if (decoded === undefined) return undefined;
    const shared = this.#tier !== undefined;
    if (shared && this.#sharing === 'freeze') freezeDeeply(decoded.value);
    const { createdAt, expiresAt, staleUntil, tags, payloadLength } = entry.header;
    // Where the era ended meanwhile, what was read may be of the next one.
    const mayKeep = look !== undefined && look.era === this.#core.sections.opened;
    const keeps = mayKeep && this.#tier?.holds(payloadLength) === true;
    // What a hit looks at comes first, so that it lies together in memory.
    const kept: KeptValue = {
      era: look?.party.era ?? 0,
      slot: place.slot,
      epoch: look?.party.epoch ?? 0,
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
    if (keeps) this.#tier?.keep(look.era, kept, payloadLength);
    else if (mayKeep) this.#tier?.forget(place.key);
    return kept;
  }

  /**
   * Step 1 for an expired value: where the disk holds it still and it may be given out while a new one is loaded. It counts as a miss, as one
   * does that is read from the disk.
   */
  staleHit(key: string, staleMs: number | undefined): KeptValue | undefined {
    const kept = this.#tier?.find(key);
    if (kept === undefined || !this.#tier?.isStale(kept, staleMs)) return undefined;
    this.#counters.misses += 1;
    return kept;
  }

  /**
   * Gives a value that was decoded, but not kept, to those who asked for it as other reads would: with a tier all get the same object, frozen
   * outside production; without one each gets a decode of its own, the first one `value`. Of bytes everybody gets a copy.
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

  /** The same of an entry that was read. Its payload must stay as it is, if more than one are to get it. */
  giveEntry(place: Place, entry: FoundEntry): GiveOut | undefined {
    const { codec } = this.#core.options;
    // A value may lie in memory that is its own; where others are decoded from that, it may not.
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

  /** There is no era where there is no space for one; then there is no value either. */
  #findSync(place: Place): Found {
    try {
      return this.#core.storage.findSync(place);
    } catch (error) {
      if (this.#core.sections.opened.ended && isOutOfSpace(error)) return ABSENT;
      throw error;
    }
  }

  #settle(place: Place, look: Look, found: Found): KeptValue | undefined {
    const entry = freshEntry(this.#core, place, found);
    const kept = entry === undefined ? undefined : this.keep(place, look, entry);
    if (kept === undefined) this.#tier?.forget(place.key);
    return this.count(kept);
  }

  #lookAndHit(tier: MemoryTier, kept: KeptValue): KeptValue | undefined {
    this.#core.doEachSecond();
    return tier.isCurrent(kept) ? kept : undefined;
  }

  /**
   * Whether the writer that is at work leaves within so many looks (some ten microseconds, which a section takes). Asking for the lock
   * instead costs more, and comes between the writers.
   */
  #passes({ words }: Era, { slot }: Place): boolean {
    for (let looks = 0; looks < LOOKS_AT_ODD; looks += 1) {
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

/** The value as it may be given to a caller. */
export function handOut({ value, copied }: KeptValue): unknown {
  return copied ? copyOf(value as Uint8Array) : value;
}

/** The same for who can wait: long bytes are copied in slices, with turns of the event loop between. */
export function handOutLater(kept: KeptValue): unknown {
  const { value, copied } = kept;
  return copied && isLongBuffer(value) ? copyInTurns(value) : handOut(kept);
}
