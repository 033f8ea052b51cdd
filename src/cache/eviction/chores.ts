import type { CacheCore } from '../core/index.js';
import type { Era } from '../era/index.js';
import { SHARDS } from '../format/index.js';
import { PAUSE, type Steps } from '../sections/index.js';
import { mayHoldExpired } from '../shared/index.js';
import { HEADERS_PER_STEP, type Removed, type ShardUpkeep } from '../storage/index.js';

/** Thrown into a chore whose section is taken. */
class Taken extends Error {}

/**
 * A long job over all shards that writes do on the side, some steps each. It waits for no lock: a shard that is taken is left
 * to the next round.
 */
class Chore {
  readonly #slice: number;
  readonly #make: (era: Era) => Steps<void>;
  #running: { readonly era: Era; readonly steps: Steps<void> } | undefined;

  /** `slice`: what counts for a step that is no section. */
  constructor(slice: number, make: (era: Era) => Steps<void>) {
    this.#slice = slice;
    this.#make = make;
  }

  get isUnderWay(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Does about so much work, from the beginning where none is under way; gives how much it did: 1 for a section, and what a slice between
   * sections takes (`slice`). Throws EraEnded, and what a step throws; then it is over.
   */
  advance(core: CacheCore, era: Era, most: number): number {
    if (this.#running?.era !== era) this.stop();
    this.#running ??= { era, steps: this.#make(era) };
    try {
      let done = 0;
      while (done < most) {
        const did = this.#step(core, this.#running);
        if (did === 'over') {
          this.#running = undefined;
          return done;
        }
        done += did === 'section' ? 1 : this.#slice;
      }
      return done;
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop(): void {
    const running = this.#running;
    this.#running = undefined;
    running?.steps.return();
  }

  #step(core: CacheCore, { era, steps }: { readonly era: Era; readonly steps: Steps<void> }) {
    const next = steps.next();
    if (next.done === true) return 'over';
    const section = next.value;
    if (section === undefined) return 'slice';
    if (!core.sections.tryInside(era, section.shard, section.work)) steps.throw(new Taken());
    return 'section';
  }
}

/** Steps of counting by hand (64 files, or a section) that one write does. */
const RECOUNT_STEPS = 2;
/** Whether a writer has died is looked at once in so many writes. */
const WRITES_PER_LOOK = 64;
/** Work of looking for expired entries that a write above the limit does, in headers read: on average, and at most. */
const SWEEP_HEADERS = 2;
const MOST_SWEEP_HEADERS = 64;

/** What writes to a limited cache do on the side: they keep its totals true, and look for what has expired. */
export class Chores {
  readonly #core: CacheCore;
  readonly #recount: Chore;
  readonly #sweep: Chore;
  #writes = 0;
  #mayRead = MOST_SWEEP_HEADERS;
  /** What the present sweep begins with, and where it adds up what it removes. */
  #first = 0;
  readonly #removed: Removed = { entries: 0, bytes: 0 };

  constructor(core: CacheCore) {
    this.#core = core;
    const { upkeep } = core.storage;
    this.#recount = new Chore(1, (era) => recountWhatIsMarked(upkeep, era));
    this.#sweep = new Chore(HEADERS_PER_STEP, (era) => sweepExpired(upkeep, era, this.#first, this.#removed));
  }

  /** To be called at each write. Throws as {@link Chore.advance} does. */
  recount(era: Era): void {
    const look = this.#writes % WRITES_PER_LOOK === 0;
    this.#writes += 1;
    if (look || this.#recount.isUnderWay) this.#recount.advance(this.#core, era, RECOUNT_STEPS);
  }

  /** To be called at each write that is above a limit: adds to `removed` what has expired, as far as it is found by few looks. */
  sweep(era: Era, first: number, removed: Removed): void {
    this.#mayRead = Math.min(MOST_SWEEP_HEADERS, this.#mayRead + SWEEP_HEADERS);
    this.#first = first;
    const before = { ...this.#removed };
    try {
      this.#mayRead -= this.#sweep.advance(this.#core, era, this.#mayRead);
    } finally {
      const entries = this.#removed.entries - before.entries;
      removed.entries += entries;
      removed.bytes += this.#removed.bytes - before.bytes;
      // What was found has paid for the look.
      this.#mayRead += entries;
    }
  }

  stop(): void {
    this.#recount.stop();
    this.#sweep.stop();
  }
}

/** Counts the shards whose totals are not to be believed. A writer that died is known, and its shard marked, once somebody has entered. */
function* recountWhatIsMarked({ recount }: ShardUpkeep, era: Era): Steps<void> {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    if (era.words.busy(shard) !== 0) yield* passingOver(enter(era, shard));
    if (era.words.needsRecount(shard)) yield* passingOver(recount(era, shard, 'store'));
  }
}

/** Removes expired entries, shard by shard from `first` on, as far as there may be some. */
function* sweepExpired({ removeExpired }: ShardUpkeep, era: Era, first: number, removed: Removed): Steps<void> {
  for (let step = 0; step < SHARDS; step += 1) {
    const shard = (first + step) % SHARDS;
    const nowMs = Date.now();
    if (mayHoldExpired(era, shard, nowMs)) yield* passingOver(removeExpired(era, shard, nowMs, removed));
  }
}

function* enter(era: Era, shard: number): Steps<void> {
  yield { era, shard, work: () => {} };
  yield PAUSE;
}

/** After a throw() the generator has gone one step further already: what it yields then must not be lost, so a pause comes first. */
function* passingOver(steps: Steps<unknown>): Steps<void> {
  try {
    yield* steps;
  } catch (error) {
    if (!(error instanceof Taken)) throw error;
    yield PAUSE;
  }
}
