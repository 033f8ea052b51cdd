import type { CacheCore } from './core.js';
import { evict, evictSync } from './evict.js';
import { assertFits, assertLimits, isOver, type Limits } from './limits.js';
import { totalsNoted } from './totals.js';

/** So many writes go by at most before the totals are looked at again; fewer where the limits are small. */
const MOST_UNSEEN_WRITES = 64;
/** The part of a limit that may be written unseen. */
const UNSEEN_PART = 0.01;
/** So far above a limit a writer waits for the eviction, instead of outrunning it. */
const PRESSING = 1.1;

/**
 * Keeps one instance's writes within the limits of its cache. A write costs two additions and a comparison; the totals of all
 * processes (some microseconds) are looked at only now and then.
 */
export class Evictor {
  readonly #core: CacheCore;
  readonly #limits: Limits;
  readonly #mostWrites: number;
  readonly #mostBytes: number;
  readonly #ending = new AbortController();
  #unseenWrites = Infinity;
  #unseenBytes = 0;
  #running: Promise<void> | undefined;

  /** Throws `ERR_INVALID_ARGUMENT`. */
  constructor(core: CacheCore, limits: Limits) {
    assertLimits(limits);
    this.#core = core;
    this.#limits = limits;
    const { maxBytes = Infinity, maxEntries = Infinity } = limits;
    this.#mostWrites = Math.min(MOST_UNSEEN_WRITES, maxEntries * UNSEEN_PART);
    this.#mostBytes = maxBytes * UNSEEN_PART;
  }

  /** Before a write: throws `ERR_VALUE_TOO_LARGE` where the entry alone exceeds the limit. `entryBytes`: header and all. */
  assertFits(entryBytes: number): void {
    assertFits(entryBytes, this.#limits);
  }

  /** After a write, outside its section. What is returned settles when the writer may go on; it never rejects. */
  afterWrite(entryBytes: number): Promise<void> | undefined {
    if (!this.#isTime(entryBytes)) return undefined;
    if (!this.#isOver(1)) return undefined;
    this.#running ??= this.#evict();
    return this.#isOver(PRESSING) ? this.#running : undefined;
  }

  /** The same for a writer on this thread: evicts here and now. Never throws. */
  afterWriteSync(entryBytes: number): void {
    if (!this.#isTime(entryBytes) || !this.#isOver(1)) return;
    try {
      evictSync(this.#core, this.#limits);
    } catch {
      this.#unseenWrites = Infinity;
    }
  }

  /** Breaks off what this instance evicts, and waits until that is so. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  #isTime(entryBytes: number): boolean {
    this.#unseenWrites += 1;
    this.#unseenBytes += entryBytes;
    if (this.#unseenWrites < this.#mostWrites && this.#unseenBytes < this.#mostBytes) return false;
    this.#unseenWrites = 0;
    this.#unseenBytes = 0;
    return true;
  }

  #isOver(factor: number): boolean {
    const { entries, bytes } = totalsNoted(this.#core.store.era.words);
    return isOver({ entries: entries / factor, bytes: bytes / factor }, this.#limits);
  }

  /** A failure is left to the next eviction: the write that began this one has succeeded. */
  async #evict(): Promise<void> {
    try {
      await evict(this.#core, this.#limits, this.#ending.signal);
    } catch {
      this.#unseenWrites = Infinity;
    } finally {
      this.#running = undefined;
    }
  }
}
