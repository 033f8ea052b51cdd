import { errorCode, HoldfastError } from '../../errors.js';
import { currentScope, waitsFor } from '../../lock/index.js';
import { throwIfAborted } from '../../os/realms.js';
import { clearTimeout, monotonicNow, setTimeout } from '../../os/timers.js';
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

/** What a look at an entry came to. */
type Looked = { readonly kind: 'fresh' | 'stale'; readonly value: unknown } | { readonly kind: 'missing' };

const MISSING = { kind: 'missing' } as const;
/** setTimeout takes a longer one for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * One load of a key for all processes:
 * 1. A present value: that is it. One that is stale but may still be given out: that, and a flight is begun behind the caller's back.
 * 2. A flight of this process is under way, and nothing that would make its result wrong has happened since it began: join it. Where it
 *    comes to nothing (its loader gave `undefined`, its caller had less patience), one of those who joined begins the next, with its own
 *    loader, and the others join that one.
 * 3. Take the key's flight lock. In a section read again: somebody may have stored it meanwhile.
 * 4. Still missing: store the key's mark in the slot's lease word, take the generations of the tags, and run the loader.
 * 5. In a section store the result, only if the mark is still there: a `set` or `delete` in between has taken it away, and wins.
 * 6. Release the flight lock. All who wait get what a read would give them.
 */
export class Flights {
  readonly #parts: FlightParts;
  /** By the hash of the key, the one that was begun last. */
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
    if (typeof load !== 'function') throw new HoldfastError('ERR_INVALID_ARGUMENT', 'load must be a function.');
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
    const found = await this.#find(place, resolved);
    throwIfAborted(resolved.signal);
    reads.count(found.kind === 'fresh' ? found : undefined);
    if (found.kind === 'stale') this.#refresh(plan);
    return (found.kind === 'missing' ? await this.#join(plan) : found.value) as V | undefined;
  }

  /**
   * Aborts what is being loaded, turns away those who wait for it, and resolves when it is over, or after `lockTimeout`: a loader that does
   * not listen to its signal may take for ever. What this call runs inside of is left out: that waits for it.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const scope = currentScope();
    const isAround = (flight: Flight) => scope !== undefined && waitsFor(flight.scope, scope);
    const reason = closedError(this.#parts.core.directory);
    const awaited: Promise<unknown>[] = [];
    // Looked at before any is aborted: what is turned away waits no more.
    const flights = [...this.#underWay].map((flight) => ({ flight, around: isAround(flight) }));
    for (const { flight, around } of flights) {
      flight.end(reason, around ? 'loader' : 'loader and callers');
      if (!around) awaited.push(flight.result);
    }
    if (awaited.length > 0) await settledWithin(awaited, this.#parts.core.options.lockTimeoutMs);
  }

  /** Step 2, and what follows. */
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
   * A flight with the caller's own loader, which may take as long as it likes; only the wait for the flight lock ends. It will write the
   * entry: `ERR_LOCK_CONFLICT` inside an update of it.
   */
  async #own(plan: FlightPlan, deadline: number): Promise<unknown> {
    placeToWrite(this.#parts.core, plan.place.key);
    const lockTimeoutMs = Math.max(0, deadline - monotonicNow());
    const { signal } = plan.options;
    const flight = this.#begin({ ...plan, options: { ...plan.options, lockTimeoutMs } });
    const outcome = await flight.wait({ signal, timeoutError: () => timeoutError(plan.place, lockTimeoutMs) });
    return outcome.kind === 'value' ? outcome.give() : undefined;
  }

  /** Somebody in some process loads it already: nothing to do. Otherwise one flight, for which nobody waits. */
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

  /** Step 1, on the disk; a fresh value is kept in memory. */
  #find(place: Place, options: FlightOptions): Looked | Promise<Looked> {
    const { core, reads } = this.#parts;
    const look = reads.look(place);
    return core.storage.find(place, (found): Looked => {
      const fresh = freshEntry(core, place, found);
      if (fresh !== undefined) {
        const kept = reads.keep(place, look, fresh);
        return kept === undefined ? MISSING : { kind: 'fresh', value: handOutLater(kept) };
      }
      return found.kind === 'entry' ? this.#stale(place, found.entry, options) : MISSING;
    });
  }

  #stale(place: Place, entry: FoundEntry, { staleMs }: FlightOptions): Looked {
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
