import { errorCode, HoldfastError } from '../../errors.js';
import type { LockMode } from '../../os/flock.js';
import { throwIfAborted } from '../../os/realms.js';
import { sleepSync } from '../../os/sleep.js';
import { clearInterval, delay, nextTurn, setInterval } from '../../os/timers.js';
import type { Eras } from '../era/index.js';
import { type Era, EraEnded } from '../era/index.js';
import type { Place } from '../format/index.js';
import { partyOf, protocol, run } from '../shared/index.js';
import { closedError, PresentEra } from './present-era.js';
import { Sections, type ShardLocks } from './sections.js';
import { startingOver, startingOverLater } from './starting-over.js';

/** How often the era is checked to be still at its path. */
const CHECK_EVERY_MS = 1_000;
/** For so long each try comes at the next turn of the event loop. After that a timer separates the tries. */
const SPIN_MS = 1;
const LONGEST_PAUSE_MS = 10;
/**
 * A thread tries without a pause for as long as some sections take. A holder that stays longer has been descheduled, so
 * the thread sleeps: long enough that waking up is not most of its work (docs/decisions.md).
 */
const BUSY_MS = 0.1;
const FIRST_SLEEP_MS = 0.5;
const LONGEST_SLEEP_MS = 5;

export interface SectionRunnerOptions {
  readonly lockTimeoutMs: number;
  readonly directory: string;
  /** Milliseconds of a monotonic clock that all processes share. */
  readonly clock: () => number;
  /** Called after each wait for a shard's lock that was noticeable. */
  readonly onWait: (waitedMs: number) => void;
  /** Called about once a second, from a timer that keeps no process alive. */
  readonly onSecond: () => void;
}

/** Runs critical sections in the present era. Waits on the thread or off it. */
export class SectionRunner {
  readonly #present: PresentEra;
  readonly #options: SectionRunnerOptions;
  #sections: ShardLocks;
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(eras: Eras, options: SectionRunnerOptions) {
    this.#options = options;
    const onNext = (era: Era) => {
      const former = this.#sections;
      this.#sections = new Sections(era, options.clock);
      former.close();
    };
    this.#present = new PresentEra(eras, { ...options, onNext });
    this.#sections = new Sections(this.#present.opened, options.clock);
    this.#timer = setInterval(() => {
      this.checkPath();
      this.#sections.everySecond();
      options.onSecond();
    }, CHECK_EVERY_MS).unref();
  }

  /** The present era, as far as this process knows. May sleep on this thread: for synchronous functions. */
  get era(): Era {
    return this.#present.waitSync();
  }

  /** See {@link PresentEra.opened}. */
  get opened(): Era {
    return this.#present.opened;
  }

  /** See {@link PresentEra.tryNow}. */
  tryEra(): Era | undefined {
    return this.#present.tryNow();
  }

  /** See {@link PresentEra.wait}. */
  presentEra(): Era | Promise<Era> {
    return this.#present.wait();
  }

  /** See {@link PresentEra.replace}. */
  replace(): Promise<void> {
    return this.#present.replace();
  }

  /** See {@link PresentEra.checkPath}. */
  checkPath(): void {
    this.#present.checkPath();
  }

  /** Rejects all waits for an era, and resolves when they are over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#present.close();
    this.#sections.close();
  }

  /**
   * Runs lock-free work in the present era, and again if the era ended meanwhile. A result from an ended era is never
   * returned: `discard` gets it, to close what has to be closed. May sleep on this thread.
   */
  outside<T>(work: (era: Era) => T, discard?: (result: T) => void): T {
    return startingOver(() => this.#runOutside(this.era, work, discard));
  }

  /**
   * The same without waiting. `undefined`: the last era has ended and the next one is not published yet, so nothing can
   * be found.
   */
  outsideNow<T>(work: (era: Era) => T, discard?: (result: T) => void): T | undefined {
    return startingOver(() => {
      const era = this.tryEra();
      return era === undefined ? undefined : this.#runOutside(era, work, discard);
    });
  }

  #runOutside<T>(era: Era, work: (era: Era) => T, discard: ((result: T) => void) | undefined): T {
    const result = endingIfMissing(era, work);
    if (run(protocol.afterReading, era.words, partyOf(era.number, 0, 0)) === undefined) return result;
    discard?.(result);
    throw new EraEnded();
  }

  /** Runs a section; waits on the thread. */
  insideSync<T>(shard: number, mode: LockMode, work: (era: Era) => T): T {
    return startingOver(() => {
      void this.era;
      if (this.#sections.tryEnter(shard, mode)) return this.#run(shard, work);
      return this.#runAfter(this.#waitSync(shard, mode), shard, work);
    });
  }

  /**
   * Runs a section; waits without blocking the event loop. The section itself is one synchronous function. If the lock
   * is free, the section has run when this returns, and no promise is made.
   */
  inside<T>(shard: number, mode: LockMode, work: (era: Era) => T, signal?: AbortSignal): T | Promise<T> {
    try {
      if (this.tryEra() !== undefined && this.#sections.tryEnter(shard, mode)) return this.#run(shard, work);
    } catch (error) {
      if (!(error instanceof EraEnded)) throw error;
    }
    return this.#insideLater(shard, mode, work, signal);
  }

  #insideLater<T>(shard: number, mode: LockMode, work: (era: Era) => T, signal?: AbortSignal): Promise<T> {
    const began = this.#options.clock();
    return startingOverLater(async () => {
      if (this.tryEra() === undefined) await this.#present.follow(began);
      const started = this.#options.clock();
      for (let pause = 1; !this.#sections.tryEnter(shard, mode); ) {
        this.#assertInTime(started, shard);
        throwIfAborted(signal);
        if (this.#options.clock() - started < SPIN_MS) await nextTurn();
        else await delay(pause * (0.5 + Math.random() / 2));
        pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
        if (this.#closed) throw closedError(this.#options.directory);
      }
      return this.#runAfter(this.#options.clock() - started, shard, work);
    });
  }

  /** Waits on the thread until the lock is taken. Returns for how many milliseconds. */
  #waitSync(shard: number, mode: LockMode): number {
    const started = this.#options.clock();
    let pause = FIRST_SLEEP_MS;
    do {
      this.#assertInTime(started, shard);
      if (this.#options.clock() - started < BUSY_MS) continue;
      sleepSync(pause * (0.5 + Math.random() / 2));
      pause = Math.min(LONGEST_SLEEP_MS, pause * 2);
    } while (!this.#sections.tryEnter(shard, mode));
    return this.#options.clock() - started;
  }

  /**
   * Runs an exclusive section of an era if its lock is free now. False: it is taken. Throws EraEnded where another era
   * is the present one.
   */
  tryInside(era: Era, shard: number, work: (era: Era) => void): boolean {
    if (era !== this.opened || era.ended) throw new EraEnded();
    if (!this.#sections.tryOnce(shard)) return false;
    this.#run(shard, work);
    return true;
  }

  /**
   * For a reader that has seen an odd epoch in the present era. False: a writer is at work. See
   * {@link Sections.tryRepair}.
   */
  tryRepair(shard: number, slot: number): boolean {
    return this.#sections.tryRepair(shard, slot);
  }

  #run<T>(shard: number, work: (era: Era) => T): T {
    try {
      return endingIfMissing(this.opened, work);
    } finally {
      this.#sections.leave(shard);
    }
  }

  /** The wait is reported after the section, because a listener is user code. */
  #runAfter<T>(waitedMs: number, shard: number, work: (era: Era) => T): T {
    try {
      return this.#run(shard, work);
    } finally {
      if (waitedMs > SPIN_MS) this.#options.onWait(waitedMs);
    }
  }

  #assertInTime(started: number, shard: number): void {
    const { lockTimeoutMs, directory, clock } = this.#options;
    if (clock() - started < lockTimeoutMs) return;
    throw new HoldfastError(
      'ERR_LOCK_TIMEOUT',
      `No lock on shard ${shard} of ${directory} within ${lockTimeoutMs} ms: another process is stopped inside it, or very slow.`,
      { path: directory, syscall: 'flock' },
    );
  }
}

/**
 * Runs work and ends the era where a path inside it is missing: the era was ended and renamed aside meanwhile, or a
 * part of it was removed.
 */
function endingIfMissing<T>(era: Era, work: (era: Era) => T): T {
  try {
    return work(era);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') era.condemn();
    throw error;
  }
}

/** What a write changes. `leaseMark` 0: a load that is under way may still store its value. */
export type Written = Pick<Place, 'shard' | 'slot' | 'leaseMark'>;

/** Steps 2 to 4 of a write, with `work` as step 3. Inside the shard's exclusive section. */
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
