import { errorCode, HoldfastError } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { throwIfAborted } from '../os/realms.js';
import { sleepSync } from '../os/sleep.js';
import { clearInterval, delay, nextTurn, setInterval } from '../os/timers.js';
import { type Era, EraEnded } from './era.js';
import type { Eras } from './eras.js';
import type { Place } from './key.js';
import { partyOf, protocol, run } from './protocol.js';
import { Sections } from './sections.js';

/** How often an operation starts over because the era ended under it, before something is very wrong. */
const MOST_ERAS = 20;
/** How often it is looked whether the era still stands at its path. */
const LOOK_EVERY_MS = 1_000;
/** So long the event loop turns between two tries, before timers are worth their while. */
const SPIN_MS = 1;
const LONGEST_PAUSE_MS = 10;
/**
 * A thread tries without a pause for as long as some sections take. Whoever is inside for longer is not being run: then those who
 * wait leave the processors alone, and not for so short that waking up is all they do (docs/decisions.md).
 */
const BUSY_MS = 0.1;
const FIRST_SLEEP_MS = 0.5;
const LONGEST_SLEEP_MS = 5;

export interface StoreOptions {
  readonly lockTimeoutMs: number;
  readonly directory: string;
  /** Milliseconds of a monotonic clock that all processes share. */
  readonly clock: () => number;
  /** Told of every wait for a shard's lock that did not end at once. */
  readonly onWait: (waitedMs: number) => void;
  /** Called about once a second, from a timer that keeps no process alive. */
  readonly onSecond: () => void;
}

/** Runs sections in the present era, whichever that is, waiting on the thread or off it. */
export class Store {
  readonly #eras: Eras;
  readonly #options: StoreOptions;
  #era: Era;
  #sections: Sections;
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(eras: Eras, options: StoreOptions) {
    this.#eras = eras;
    this.#options = options;
    this.#era = eras.open();
    this.#sections = new Sections(this.#era, options.clock);
    this.#timer = setInterval(() => {
      this.look();
      options.onSecond();
    }, LOOK_EVERY_MS).unref();
  }

  /** The present era, as far as this process knows. */
  get era(): Era {
    if (this.#era.ended) this.#follow(() => this.#eras.open());
    return this.#era;
  }

  /** The era that was opened last, which may have ended. Looks at nothing, and never throws. */
  get opened(): Era {
    return this.#era;
  }

  /**
   * Runs lock-free work in the present era, again where it ended meanwhile. The result of an ended era is never given out; `discard` is
   * called with it, for what has to be closed.
   */
  outside<T>(work: (era: Era) => T, discard?: (result: T) => void): T {
    return this.#inPresentEra(() => {
      const era = this.#era;
      const result = noticing(era, work);
      if (run(protocol.settle, era.words, partyOf(era.number, 0, 0)) !== undefined) {
        discard?.(result);
        throw new EraEnded();
      }
      return result;
    });
  }

  /** Runs a section; waits on the thread. */
  insideSync<T>(shard: number, mode: LockMode, work: (era: Era) => T): T {
    return this.#inPresentEra(() => {
      if (this.#sections.tryEnter(shard, mode)) return this.#run(shard, work);
      return this.#runAfter(this.#waitSync(shard, mode), shard, work);
    });
  }

  /**
   * Runs a section; waits without holding the event loop up. The section itself is one synchronous function. Where the lock is free it
   * has been run when this returns, and no promise is made.
   */
  inside<T>(shard: number, mode: LockMode, work: (era: Era) => T, signal?: AbortSignal): T | Promise<T> {
    try {
      void this.era;
      if (this.#sections.tryEnter(shard, mode)) return this.#run(shard, work);
    } catch (error) {
      if (!(error instanceof EraEnded)) throw error;
    }
    return this.#insideLater(shard, mode, work, signal);
  }

  async #insideLater<T>(shard: number, mode: LockMode, work: (era: Era) => T, signal?: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        void this.era;
        const started = this.#options.clock();
        for (let pause = 1; !this.#sections.tryEnter(shard, mode); ) {
          this.#assertPatience(started, shard);
          throwIfAborted(signal);
          if (this.#options.clock() - started < SPIN_MS) await nextTurn();
          else await delay(pause * (0.5 + Math.random() / 2));
          pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
          if (this.#closed) throw closedError(this.#options.directory);
        }
        return this.#runAfter(this.#options.clock() - started, shard, work);
      } catch (error) {
        if (!(error instanceof EraEnded) || tries >= MOST_ERAS) throw error;
      }
    }
  }

  /** Gives for how long it waited, in milliseconds. */
  #waitSync(shard: number, mode: LockMode): number {
    const started = this.#options.clock();
    let pause = FIRST_SLEEP_MS;
    do {
      this.#assertPatience(started, shard);
      if (this.#options.clock() - started < BUSY_MS) continue;
      sleepSync(pause * (0.5 + Math.random() / 2));
      pause = Math.min(LONGEST_SLEEP_MS, pause * 2);
    } while (!this.#sections.tryEnter(shard, mode));
    return this.#options.clock() - started;
  }

  /** Runs an exclusive section of an era if its lock is free at this moment. False: it is not. Throws EraEnded where another era is the present one. */
  tryInside(era: Era, shard: number, work: (era: Era) => void): boolean {
    if (era !== this.#era || era.ended) throw new EraEnded();
    if (!this.#sections.tryOnce(shard)) return false;
    this.#run(shard, work);
    return true;
  }

  /** For a reader that has seen an odd epoch in the present era. False: a writer is at work. See {@link Sections.tryRepair}. */
  tryRepair(shard: number, slot: number): boolean {
    return this.#sections.tryRepair(shard, slot);
  }

  /** Ends the present era and begins an empty one. */
  replace(): void {
    this.#follow(() => this.#eras.replace());
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#sections.close();
    this.#era.close();
  }

  /**
   * Looks whether the era still stands at its path: a directory that was removed or moved away tells nobody. Whoever notices ends the
   * era for all who still have it mapped.
   */
  look(): void {
    try {
      if (!this.#era.ended && !this.#era.stands) this.#era.words.endEra();
    } catch {
      // A directory that cannot be looked at now can be looked at in a second.
    }
  }

  #run<T>(shard: number, work: (era: Era) => T): T {
    try {
      return noticing(this.#era, work);
    } finally {
      this.#sections.leave(shard);
    }
  }

  #inPresentEra<T>(attempt: () => T): T {
    for (let tries = 0; ; tries += 1) {
      try {
        void this.era;
        return attempt();
      } catch (error) {
        if (!(error instanceof EraEnded) || tries >= MOST_ERAS) throw error;
      }
    }
  }

  #follow(find: () => Era): void {
    if (this.#closed) throw closedError(this.#options.directory);
    const era = find();
    const [formerEra, formerSections] = [this.#era, this.#sections];
    this.#era = era;
    this.#sections = new Sections(era, this.#options.clock);
    formerSections.close();
    formerEra.close();
  }

  /** The wait is told of when the section is over: whoever hears of it is user code. */
  #runAfter<T>(waitedMs: number, shard: number, work: (era: Era) => T): T {
    try {
      return this.#run(shard, work);
    } finally {
      if (waitedMs > SPIN_MS) this.#options.onWait(waitedMs);
    }
  }

  #assertPatience(started: number, shard: number): void {
    const { lockTimeoutMs, directory, clock } = this.#options;
    if (clock() - started < lockTimeoutMs) return;
    throw new HoldfastError(
      'ERR_LOCK_TIMEOUT',
      `No lock on shard ${shard} of ${directory} within ${lockTimeoutMs} ms: another process is stopped inside it, or very slow.`,
      { path: directory, syscall: 'flock' },
    );
  }
}

/** What whoever works with a closed cache is told. */
export function closedError(directory: string): HoldfastError {
  return new HoldfastError('ERR_CACHE_CLOSED', `The cache at ${directory} has been closed.`, { path: directory });
}

/** A path inside the era that is not there: the era was ended and renamed aside meanwhile, or somebody has removed a part of it. */
function noticing<T>(era: Era, work: (era: Era) => T): T {
  try {
    return work(era);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') era.condemn();
    throw error;
  }
}

/** What a write is about. `leaseMark` 0: what is loaded meanwhile may be stored all the same. */
export type Written = Pick<Place, 'shard' | 'slot' | 'leaseMark'>;

/** Steps 2 to 4 of a write, around its work. Inside the exclusive section of the shard. */
export function writing<T>(era: Era, { shard, slot, leaseMark }: Written, work: () => T): T {
  const { words } = era;
  const party = partyOf(era.number, shard, slot, leaseMark);
  if (run(protocol.begin, words, party) !== undefined) return era.condemn();
  try {
    return work();
  } finally {
    run(protocol.finish, words, party);
  }
}
