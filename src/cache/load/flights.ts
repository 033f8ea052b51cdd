import { errorCode, invalidArgument } from '../../errors.js';
import { currentScope, waitsFor } from '../../lock/index.js';
import { throwIfAborted } from '../../os/realms.js';
import { clearTimeout, LONGEST_TIMER_MS, monotonicNow, setTimeout } from '../../os/timers.js';
import { type CacheCore, isGivenStale } from '../core/index.js';
import type { Evictor } from '../eviction/index.js';
import type { Place } from '../format/index.js';
import { freshEntry, handOutLater, type Reads, tagsAreCurrent } from '../read/index.js';
import { closedError } from '../sections/index.js';
import type { FoundEntry } from '../storage/index.js';
import { placeToWrite } from '../write/index.js';
import { Flight, type FlightParts, type FlightPlan, type Load } from './flight.js';
import { timeoutError } from './flight-lock.js';
import { type FlightOptions, type GetOrSetOptions, resolveFlightOptions } from './flight-options.js';

/** What reading the entry gave. */
type Reading = { readonly kind: 'fresh' | 'stale'; readonly value: unknown } | { readonly kind: 'missing' };

const MISSING = { kind: 'missing' } as const;

/**
 * One load of a key for all processes:
 * 1. Give a fresh value. Give a stale one if that is still allowed, and begin a flight in the background.
 * 2. If a flight of this process is under way, and its result is still right for this caller, join it. If it gives no
 *    value (its loader gave `undefined`, or its caller did not wait as long for the lock), one of those that joined
 *    begins the next flight with its own loader, and the others join that.
 * 3. Take the key's flight lock. Read the entry again in a section: another process may have stored it meanwhile.
 * 4. If it is still missing, store the key's mark in the slot's lease, take the generations of the tags, and run the
 *    loader.
 * 5. In a section, store the result if the mark is still there. A `set` or `delete` in between takes the mark away, and
 *    wins.
 * 6. Release the flight lock. All that wait get what a read would give them.
 */
export class Flights {
  readonly #parts: FlightParts;
  /** By the hash of the key: the flight that was begun last. */
  readonly #flights = new Map<string, Flight>();
  readonly #underWay = new Set<Flight>();
  #closed = false;

  constructor(core: CacheCore, reads: Reads, evictor: Evictor) {
    this.#parts = { core, reads, evictor };
  }

  async getOrSet<V>(key: string, load: Load<V>, options: GetOrSetOptions): Promise<V | undefined> {
    const { core, reads } = this.#parts;
    const place = reads.placeOf(key);
    if (this.#closed) throw closedError(core.directory);
    if (typeof load !== 'function') throw invalidArgument('load must be a function.');
    const resolved = resolveFlightOptions(options, core.options.lockTimeoutMs);
    const plan: FlightPlan = { place, load: load as Load<unknown>, options: resolved, manner: 'awaited' };
    throwIfAborted(resolved.signal);
    const kept = reads.hit(key);
    if (kept !== undefined) return handOutLater(kept) as V;
    const stale = reads.staleHit(key, resolved.staleMs);
    if (stale !== undefined) {
      this.#refresh(plan);
      return handOutLater(stale) as V;
    }
    const found = await this.#read(place, resolved);
    throwIfAborted(resolved.signal);
    reads.count(found.kind === 'fresh' ? found : undefined);
    if (found.kind === 'stale') this.#refresh(plan);
    return (found.kind === 'missing' ? await this.#join(plan) : found.value) as V | undefined;
  }

  /**
   * Aborts all loads, rejects the callers that wait for them, and resolves when the loads have ended. It waits for
   * `lockTimeout` at most, since a loader may ignore its signal. It does not wait for loads that this call runs inside
   * of, since these wait for the call.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const scope = currentScope();
    const isAround = (flight: Flight) => scope !== undefined && waitsFor(flight.scope, scope);
    const reason = closedError(this.#parts.core.directory);
    const awaited: Promise<unknown>[] = [];
    // This is determined before any load is aborted: afterwards the rejected callers wait for nothing.
    const flights = [...this.#underWay].map((flight) => ({ flight, around: isAround(flight) }));
    for (const { flight, around } of flights) {
      flight.end(reason, around ? 'loader' : 'loader and callers');
      if (!around) awaited.push(flight.result);
    }
    if (awaited.length > 0) await settledWithin(awaited, this.#parts.core.options.lockTimeoutMs);
  }

  /** Steps 2 to 6. */
  async #join(plan: FlightPlan): Promise<unknown> {
    const { place, options } = plan;
    const deadline = monotonicNow() + options.lockTimeoutMs;
    const patience = { signal: options.signal, timeoutError: () => timeoutError(place, options.lockTimeoutMs) };
    for (;;) {
      if (this.#closed) throw closedError(this.#parts.core.directory);
      const present = this.#flights.get(place.hash);
      if (present === undefined || !present.joinable) return this.#own(plan, deadline);
      try {
        const outcome = await present.wait({ ...patience, deadline });
        if (outcome.kind === 'value') return outcome.give();
      } catch (error) {
        const mayGoOn = !present.loading && errorCode(error) === 'ERR_LOCK_TIMEOUT' && monotonicNow() < deadline;
        if (!mayGoOn) throw error;
      }
    }
  }

  /**
   * Begins a flight with the caller's own loader. The loader has no time limit; the wait for the flight lock has one.
   * The flight will write the entry, so inside an update of the key this is `ERR_LOCK_CONFLICT`.
   */
  async #own(plan: FlightPlan, deadline: number): Promise<unknown> {
    placeToWrite(this.#parts.core, plan.place.key);
    const lockTimeoutMs = Math.max(0, deadline - monotonicNow());
    const { signal } = plan.options;
    const flight = this.#begin({ ...plan, options: { ...plan.options, lockTimeoutMs } });
    const outcome = await flight.wait({ signal, timeoutError: () => timeoutError(plan.place, lockTimeoutMs) });
    return outcome.kind === 'value' ? outcome.give() : undefined;
  }

  /** Begins a flight for which no caller waits, unless a load of the key is under way in any process. */
  #refresh(plan: FlightPlan): void {
    if (this.#closed || this.#flights.has(plan.place.hash)) return;
    this.#begin({ ...plan, options: { ...plan.options, signal: undefined }, manner: 'behind' });
  }

  #begin(plan: FlightPlan): Flight {
    const { hash } = plan.place;
    const flight = new Flight(this.#parts, plan);
    this.#flights.set(hash, flight);
    this.#underWay.add(flight);
    const forget = () => {
      this.#underWay.delete(flight);
      if (this.#flights.get(hash) === flight) this.#flights.delete(hash);
    };
    flight.result.then(forget, forget);
    return flight;
  }

  /** Step 1 on the disk. A fresh value is kept in memory. */
  #read(place: Place, options: FlightOptions): Reading | Promise<Reading> {
    const { core, reads } = this.#parts;
    const start = reads.startRead(place);
    return core.storage.find(place, (found): Reading => {
      const fresh = freshEntry(core, place, found);
      if (fresh !== undefined) {
        const kept = reads.decodeAndKeep(place, start, fresh);
        return kept === undefined ? MISSING : { kind: 'fresh', value: handOutLater(kept) };
      }
      return found.kind === 'entry' ? this.#stale(place, found.entry, options) : MISSING;
    });
  }

  #stale(place: Place, entry: FoundEntry, { staleMs }: FlightOptions): Reading {
    const { core, reads } = this.#parts;
    if (!isGivenStale(entry.header, staleMs) || !tagsAreCurrent(core, entry.header)) return MISSING;
    const give = reads.giveEntry(place, entry);
    return give === undefined ? MISSING : { kind: 'stale', value: give() };
  }
}

async function settledWithin(promises: readonly Promise<unknown>[], milliseconds: number): Promise<void> {
  const settled = Promise.allSettled(promises);
  if (milliseconds > LONGEST_TIMER_MS) return void (await settled);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([settled, late]);
  clearTimeout(timer);
}
