import { isOutOfSpace } from '../../errors.js';
import { currentScope, runIn, Scope, whileWaiting } from '../../lock/index.js';
import { throwIfAborted } from '../../os/realms.js';
import { monotonicNow } from '../../os/timers.js';
import { type CacheCore, isGivenStale, reportLoad, resolveTtl } from '../core/index.js';
import { EraEnded } from '../era/index.js';
import type { Evictor } from '../eviction/index.js';
import type { Place } from '../format/index.js';
import { type GiveOut, type Reads, tagsAreCurrent } from '../read/index.js';
import { areCurrent } from '../shared/index.js';
import { type CallerPatience, Callers } from './flight-callers.js';
import { type FlightLock, flightLock, tryFlightLock } from './flight-lock.js';
import type { FlightOptions } from './flight-options.js';
import { takePlace } from './flight-places.js';
import { storeLoaded } from './loaded.js';
import { type Begun, takeOff } from './take-off.js';

/** What a loader is given. */
export interface LoadContext<V> {
  /** Aborted when no caller waits for the result any more, or the cache is closed. */
  readonly signal: AbortSignal;
  /** The expired value that is being replaced, if there is one. */
  readonly previous?: V;
  /** Sets the time to live of the loaded value (milliseconds). */
  setTtl(ttl: number): void;
}

export type Load<V> = (context: LoadContext<V>) => V | undefined | Promise<V | undefined>;

/** What a flight works with. */
export interface FlightParts {
  readonly core: CacheCore;
  readonly reads: Reads;
  readonly evictor: Evictor;
}

/** What a flight is for. */
export interface FlightPlan {
  readonly place: Place;
  readonly load: Load<unknown>;
  readonly options: FlightOptions;
  /** `behind`: no caller waits for it, and it does nothing if another process is loading the key. */
  readonly manner: 'awaited' | 'behind';
}

/** The outcome of a flight. `nothing`: its loader gave `undefined`. `not flown`: another process is loading the key. */
export type Outcome =
  | { readonly kind: 'value'; readonly give: GiveOut }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'not flown' };

/** How often a flight starts over because the era has ended. More than that means a defect. */
const MOST_ERAS = 20;

/** One load of a key by this process: steps 3 to 6 of Flights. */
export class Flight {
  /** The loader runs in this scope, and those that wait for the flight wait for it. */
  readonly scope: Scope;
  readonly result: Promise<Outcome>;
  readonly #parts: FlightParts;
  readonly #plan: FlightPlan;
  readonly #callers: Callers<Outcome>;
  readonly #abort = new AbortController();
  readonly #urgent: Promise<void>;
  #makeUrgent = () => {};
  /** The era and the tags to check for changes, once the load has begun. */
  #begun: Begun | undefined;
  /** Whether it has begun to read the present entry, and may end with that one. */
  #reading = false;
  #loading = false;
  #told = false;
  #over = false;

  constructor(parts: FlightParts, plan: FlightPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#urgent = new Promise((resolve) => {
      this.#makeUrgent = resolve;
    });
    const around = plan.manner === 'behind' ? undefined : currentScope();
    this.scope = new Scope(this, around);
    this.result = runIn(this.scope, () => this.#run());
    this.#callers = new Callers(this.result, (reason) => {
      if (plan.manner === 'awaited' && !this.#over) this.#abort.abort(reason);
    });
    if (plan.manner === 'behind') this.result.catch((error) => this.#tellOfFailure(0, error));
  }

  /**
   * Whether a new caller may get its result. It must be under way and not aborted. Before its load begins, it must not
   * have read the entry, since what it has read may have been replaced since. After that, the key must not have been
   * written to and no tag invalidated since the load began.
   */
  get joinable(): boolean {
    if (this.#over || this.#abort.signal.aborted) return false;
    if (this.#begun === undefined) return !this.#reading;
    const { slot, leaseMark } = this.#plan.place;
    const { era, stamps } = this.#begun;
    return era.words.lease(slot) === leaseMark && areCurrent(era.words, stamps.tags);
  }

  /** Whether its loader has been called. From then on an error of the flight goes to all its callers. */
  get loading(): boolean {
    return this.#loading;
  }

  /** The outcome for one caller. Rejects with `ERR_LOCK_CONFLICT` at once if the load waits for the calling code. */
  wait(patience: CallerPatience): Promise<Outcome> {
    // A load that waits for this flight may hold the place that the flight waits for.
    if (currentScope() !== undefined) this.#makeUrgent();
    return whileWaiting(this.scope, this.#name, () => this.#callers.wait(patience));
  }

  /** Aborts the signal of the loader, and with `callers` rejects all waiting callers. */
  end(reason: unknown, whom: 'loader' | 'loader and callers'): void {
    this.#abort.abort(reason);
    if (whom === 'loader and callers') this.#callers.turnAway(reason);
  }

  get #name(): string {
    return `the load of ${JSON.stringify(this.#plan.place.key)}`;
  }

  async #run(): Promise<Outcome> {
    try {
      // The code that has made the flight must know it before the loader is called.
      await undefined;
      return await this.#inPresentEra();
    } finally {
      this.#over = true;
      this.scope.end();
    }
  }

  /** Steps 3 to 6. */
  async #inPresentEra(): Promise<Outcome> {
    const started = monotonicNow();
    for (let tries = 0; ; tries += 1) {
      let lock: FlightLock | undefined;
      let begun: Begun | GiveOut;
      try {
        lock = await this.#lock(started);
        if (lock === undefined) return { kind: 'not flown' };
        this.#reading = true;
        begun = await takeOff(this.#parts, this.#plan);
      } catch (error) {
        lock?.release();
        this.#reading = false;
        if (!(error instanceof EraEnded) || tries >= MOST_ERAS) throw error;
        continue;
      }
      try {
        if (typeof begun === 'function') return { kind: 'value', give: begun };
        throwIfAborted(this.#abort.signal);
        return await this.#load(begun);
      } finally {
        lock.release();
      }
    }
  }

  async #lock(started: number): Promise<FlightLock | undefined> {
    const { core } = this.#parts;
    const { place, options, manner } = this.#plan;
    const key = `flight ${(core.sections.tryEra() ?? core.sections.opened).number} ${place.hash}`;
    if (manner === 'behind') {
      const era = core.sections.tryEra();
      const lock = era && tryFlightLock(era, place);
      return lock && this.#held(lock, key);
    }
    const { signal } = this.#abort;
    const deadline = started + options.lockTimeoutMs;
    throwIfAborted(signal);
    const left = Math.max(0, deadline - monotonicNow());
    const leave = await takePlace({ timeoutMs: left, signal, urgent: this.#urgent });
    try {
      const patience = { timeoutMs: options.lockTimeoutMs, deadline, signal };
      const lock = await whileWaiting(key, this.#name, () =>
        flightLock(() => core.sections.presentEra(), place, patience),
      );
      return this.#held(lock, key, leave);
    } catch (error) {
      // The disk is full, so the value cannot be stored. It is loaded for the caller all the same, without a lock.
      if (isOutOfSpace(error)) return this.#held({ release() {} }, key, leave);
      leave();
      throw error;
    }
  }

  #held(lock: FlightLock, key: string, leave = () => {}): FlightLock {
    this.scope.hold(key);
    return {
      release: () => {
        this.scope.giveUp(key);
        lock.release();
        leave();
      },
    };
  }

  /** Steps 4 and 5. */
  async #load(begun: Begun): Promise<Outcome> {
    const { core } = this.#parts;
    const { place, options } = this.#plan;
    this.#begun = begun;
    this.#loading = true;
    let { ttl } = options;
    const context: LoadContext<unknown> = {
      signal: this.#abort.signal,
      ...(begun.previous === undefined ? {} : { previous: begun.previous.value }),
      setTtl(milliseconds) {
        ttl = resolveTtl(milliseconds);
      },
    };
    core.counters.loads += 1;
    const started = monotonicNow();
    let value: unknown;
    try {
      value = await this.#plan.load(context);
    } catch (error) {
      this.#tellOfFailure(monotonicNow() - started, error);
      const stale = this.#stillStale(begun);
      if (stale !== undefined) return { kind: 'value', give: stale };
      throw error;
    }
    reportLoad(core.directory, place.key, monotonicNow() - started, undefined);
    if (value === undefined) return { kind: 'nothing' };
    const give = await storeLoaded(value, {
      ...this.#parts,
      place,
      options: { ttl, staleMs: options.staleMs ?? 0, stamps: begun.stamps },
      condition: (era) => era === begun.era && era.words.lease(place.slot) === place.leaseMark,
    });
    return { kind: 'value', give };
  }

  /**
   * Reports a failure, once. It is the only trace that a failed flight `behind` leaves, so it reports any error, not
   * only that of the loader.
   */
  #tellOfFailure(milliseconds: number, error: unknown): void {
    const { core } = this.#parts;
    if (this.#told) return;
    this.#told = true;
    if (!this.#abort.signal.aborted) core.counters.loadFailures += 1;
    reportLoad(core.directory, this.#plan.place.key, milliseconds, error);
  }

  /** The value that was to be replaced, decoded again, if it may still be given out. */
  #stillStale({ previous }: Begun): GiveOut | undefined {
    const { core, reads } = this.#parts;
    const { place, options } = this.#plan;
    if (previous === undefined || !isGivenStale(previous.entry.header, options.staleMs)) return undefined;
    if (core.closed || !tagsAreCurrent(core, previous.entry.header)) return undefined;
    return reads.giveEntry(place, previous.entry);
  }
}
