import type { CacheCore } from '../core/index.js';
import type { Era } from '../era/index.js';
import { SHARDS } from '../format/index.js';
import { PAUSE, type Steps } from '../sections/index.js';
import { mayHoldExpired } from '../shared/index.js';
import { HEADERS_PER_STEP, type Removed, type ShardUpkeep } from '../storage/index.js';

/** Thrown into a chore where the lock of its section is taken. */
class Taken extends Error {}

/**
 * A long job over all shards. Each write does some steps of it. It waits for no lock: a shard whose lock is taken is
 * left to the next round.
 */
class Chore {
  readonly #slice: number;
  readonly #make: (era: Era) => Steps<void>;
  #running: { readonly era: Era; readonly steps: Steps<void> } | undefined;

  /** `slice`: how much work a step outside sections counts as. */
  constructor(slice: number, make: (era: Era) => Steps<void>) {
    this.#slice = slice;
    this.#make = make;
  }

  get isUnderWay(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Does about `most` work, and gives how much it did: 1 for each section, `slice` for each other step. Begins at the
   * first shard if the job is not under way. Throws EraEnded and what a step throws, which ends the job.
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

/** How many steps of a recount (64 files, or a section) one write does. */
const RECOUNT_STEPS = 2;
/** Once in so many writes, look whether a writer has died. */
const WRITES_PER_CHECK = 64;
/** How many headers a write above the limit reads in search of expired entries: on average, and at most. */
const SWEEP_HEADERS = 2;
const MOST_SWEEP_HEADERS = 64;

/** The chores of writes to a cache with limits: they keep its totals true, and search for expired entries. */
export class Chores {
  readonly #core: CacheCore;
  readonly #recount: Chore;
  readonly #sweep: Chore;
  #writes = 0;
  #mayRead = MOST_SWEEP_HEADERS;
  /** The shard at which the present sweep begins, and what all sweeps have removed. */
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
    const isDue = this.#writes % WRITES_PER_CHECK === 0;
    this.#writes += 1;
    if (isDue || this.#recount.isUnderWay) this.#recount.advance(this.#core, era, RECOUNT_STEPS);
  }

  /**
   * To be called at each write above a limit. Removes expired entries, as far as it finds some in few headers, and adds
   * them to `removed`.
   */
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
      // The headers of removed entries do not count.
      this.#mayRead += entries;
    }
  }

  stop(): void {
    this.#recount.stop();
    this.#sweep.stop();
  }
}

/**
 * Counts the shards that are marked for a recount. To enter the section of a shard marks it if a writer has died there.
 */
function* recountWhatIsMarked({ recount }: ShardUpkeep, era: Era): Steps<void> {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    if (era.words.busy(shard) !== 0) yield* passingOver(enter(era, shard));
    if (era.words.needsRecount(shard)) yield* passingOver(recount(era, shard, 'store'));
  }
}

/** Removes expired entries from the shards that may hold some, beginning at `first`. */
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

/**
 * Runs steps, and gives up the rest where a lock is taken. `throw()` gives the next yield of the generator, which
 * `Chore` ignores: so that must be a pause.
 */
function* passingOver(steps: Steps<unknown>): Steps<void> {
  try {
    yield* steps;
  } catch (error) {
    if (!(error instanceof Taken)) throw error;
    yield PAUSE;
  }
}
