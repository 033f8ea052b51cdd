import { errorCode } from '../../errors.js';
import { nextTurn } from '../../os/timers.js';
import { allowedBy, assertFits, assertLimits, type CacheCore, type Limits, reportEviction } from '../core/index.js';
import { EraEnded } from '../era/index.js';
import type { Place } from '../format/index.js';
import { blocksOf } from '../shared/index.js';
import type { Eviction, Removed } from '../storage/index.js';
import { Chores } from './chores.js';
import { type Making, makeRoom } from './evict.js';
import { Room } from './room.js';

/** Keeps a cache within its limits: each write of this instance makes room for itself (evict.ts). */
export class Evictor {
  readonly #core: CacheCore;
  readonly #limits: Limits;
  readonly #room = new Room();
  readonly #eviction: Eviction;
  readonly #chores: Chores;
  readonly #further = new Set<Promise<void>>();
  #closed = false;

  /** Throws `ERR_INVALID_ARGUMENT`. */
  constructor(core: CacheCore, limits: Limits) {
    assertLimits(limits);
    this.#core = core;
    this.#limits = limits;
    this.#eviction = core.storage.eviction();
    this.#chores = new Chores(core);
  }

  /**
   * To be called before a write. Throws `ERR_VALUE_TOO_LARGE` if the entry alone exceeds the limit. `entryBytes`: its
   * length with the header.
   */
  assertFits(entryBytes: number): void {
    if (this.#limits.maxBytes === undefined) return;
    const { words } = this.#core.sections.opened;
    assertFits(this.#core.storage.lengthOf(entryBytes), allowedBy(this.#limits, words), words);
  }

  /**
   * To be called after a write, outside its section. Makes room for it, without waiting. Gives a promise only if one
   * value displaces so many entries that removing them would block the event loop. Never throws and never rejects: the
   * write has succeeded.
   */
  afterWrite(written: Place, entryBytes: number): Promise<void> | undefined {
    const making = this.#begin(written, entryBytes);
    if (making === undefined || this.#slice(making) === 'ready') return undefined;
    const further = this.#goOn(making).finally(() => this.#further.delete(further));
    this.#further.add(further);
    return further;
  }

  /** The same, synchronously to the end. */
  afterWriteSync(written: Place, entryBytes: number): void {
    const making = this.#begin(written, entryBytes);
    while (making !== undefined && this.#slice(making) === 'more');
  }

  /** Breaks off what is under way, and waits until it has stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#further);
    this.#chores.stop();
  }

  async #goOn(making: Making): Promise<void> {
    do await nextTurn();
    while (!this.#closed && this.#slice(making) === 'more');
  }

  #begin(written: Place, entryBytes: number): Making | undefined {
    if (this.#limits.maxBytes === undefined && this.#limits.maxEntries === undefined) return undefined;
    const era = this.#core.sections.opened;
    this.#eviction.noteWritten(era, written);
    return {
      era,
      written,
      allowed: allowedBy(this.#limits, era.words),
      takes: blocksOf(era.words, this.#core.storage.lengthOf(entryBytes)),
      freed: 0,
      removed: { entries: 0, bytes: 0 },
      passedOver: new Set(),
    };
  }

  /** After an error the next write goes on. Where the era has ended, its entries are gone. */
  #slice(making: Making): 'ready' | 'more' {
    const before = { ...making.removed };
    try {
      return this.#makeRoom(making);
    } catch (error) {
      if (error instanceof EraEnded || errorCode(error) !== undefined) return 'ready';
      throw error;
    } finally {
      const { entries, bytes } = making.removed;
      this.#note({ entries: entries - before.entries, bytes: bytes - before.bytes });
    }
  }

  #makeRoom(making: Making): 'ready' | 'more' {
    const { era, allowed, written, removed } = making;
    this.#chores.recount(era);
    if (this.#room.isThere(era, allowed)) return 'ready';
    this.#chores.sweep(era, written.shard, removed);
    this.#eviction.begin(era);
    return makeRoom(this.#core, this.#eviction, making);
  }

  /** Counts and reports what was removed. Outside any section: subscribers are user code. */
  #note(removed: Removed): void {
    if (removed.entries === 0) return;
    this.#core.counters.evictions += removed.entries;
    reportEviction(this.#core.directory, removed);
  }
}
