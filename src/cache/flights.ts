import { AsyncLocalStorage } from 'node:async_hooks';
import { HoldfastError } from '../errors.js';
import { abortReason, throwIfAborted } from '../os/realms.js';
import { monotonicNow } from '../os/timers.js';
import { commit } from './commit.js';
import type { CacheCore } from './core.js';
import { type Found, type FoundEntry, type OpenEntry, readOrOpenEntry } from './disk.js';
import { type Era, EraEnded } from './era.js';
import type { Evictor } from './evictor.js';
import { type FlightLock, flightLock, tryFlightLock } from './flight-lock.js';
import { type FlightOptions, type GetOrSetOptions, resolveFlightOptions } from './flight-options.js';
import type { Place } from './key.js';
import { readLarge } from './large-read.js';
import { resolveTtl } from './options.js';
import { handOutLater, type Reads } from './reads.js';
import { reportLoad } from './reports.js';
import { areCurrent, type Stamps, stampTags } from './tags.js';

/** What a loader is given. */
export interface LoadContext<V> {
  /** Aborted when nobody waits for the result any more, or the cache is closed. */
  readonly signal: AbortSignal;
  /** The expired value that is being replaced, where there is one. */
  readonly previous?: V;
  /** Sets the time to live of what is being loaded (milliseconds). */
  setTtl(ttl: number): void;
}

export type Load<V> = (context: LoadContext<V>) => V | undefined | Promise<V | undefined>;

/** A load of this process, and who waits for it. */
interface Flight {
  readonly result: Promise<unknown>;
  readonly abort: AbortController;
  waiters: number;
  /** Where the lease and the tags are to be looked at, once the load has begun. */
  joinable: () => boolean;
}

/** What a look at an entry came to. */
type Looked = { readonly kind: 'fresh' | 'stale'; readonly value: unknown } | { readonly kind: 'missing' };

/** The flights that the running code is inside of. */
interface Inside {
  readonly hash: string;
  readonly flights: Flights;
  readonly outer: Inside | undefined;
}

const inside = new AsyncLocalStorage<Inside>();

/**
 * One load of a key for all processes:
 * 1. A present value: that is it. One that is stale but may still be given out: that, and a flight is begun in the background.
 * 2. A flight of this process is under way, and nothing that would make its result wrong has happened since it began: join it.
 * 3. Take the key's flight lock. In a section read again: somebody may have stored it meanwhile.
 * 4. Still missing: store the key's mark in the slot's lease word, take the generations of the tags, and run the loader.
 * 5. In a section store the result, only if the mark is still there: a `set` or `delete` in between has taken it away, and wins.
 * 6. Release the flight lock.
 */
export class Flights {
  readonly #core: CacheCore;
  readonly #reads: Reads;
  readonly #evictor: Evictor;
  readonly #flights = new Map<string, Flight>();

  constructor(core: CacheCore, reads: Reads, evictor: Evictor) {
    this.#core = core;
    this.#reads = reads;
    this.#evictor = evictor;
  }

  async getOrSet<V>(key: string, load: Load<V>, options: GetOrSetOptions): Promise<V | undefined> {
    const place = this.#reads.placeOf(key);
    if (typeof load !== 'function') throw invalid('load must be a function.');
    const resolved = resolveFlightOptions(options, this.#core.options.lockTimeoutMs);
    throwIfAborted(resolved.signal);
    this.#assertNotInside(place);
    const kept = this.#reads.hit(key);
    if (kept !== undefined) return handOutLater(kept) as V;
    const found = await this.#find(place);
    this.#reads.count(found.kind === 'fresh' ? found : undefined);
    if (found.kind === 'fresh') return found.value as V;
    if (found.kind === 'stale') {
      this.#refresh(place, load as Load<unknown>, resolved);
      return found.value as V;
    }
    return (await this.#join(place, load as Load<unknown>, resolved)) as V | undefined;
  }

  /** Aborts what is being loaded, and resolves when it is over. */
  async close(): Promise<void> {
    const flights = [...this.#flights.values()];
    for (const flight of flights) flight.abort.abort(new HoldfastError('ERR_CACHE_CLOSED', 'The cache was closed.'));
    await Promise.allSettled(flights.map((flight) => flight.result));
  }

  async #join(place: Place, load: Load<unknown>, options: FlightOptions): Promise<unknown> {
    let flight = this.#flights.get(place.hash);
    if (flight === undefined || !flight.joinable()) flight = this.#begin(place, load, options, false);
    flight.waiters += 1;
    try {
      return await untilAborted(flight.result, options.signal);
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0) flight.abort.abort(options.signal && abortReason(options.signal));
    }
  }

  /** Somebody in some process loads it already: nothing to do. Otherwise one flight, for which nobody waits. */
  #refresh(place: Place, load: Load<unknown>, options: FlightOptions): void {
    if (this.#flights.has(place.hash)) return;
    const flight = this.#begin(place, load, { ...options, signal: undefined }, true);
    flight.waiters += 1;
    flight.result.catch(() => {});
  }

  #begin(place: Place, load: Load<unknown>, options: FlightOptions, onlyIfFree: boolean): Flight {
    const abort = new AbortController();
    const flight: Flight = {
      abort,
      waiters: 0,
      joinable: () => true,
      result: Promise.resolve().then(() => this.#fly(place, load, options, flight, onlyIfFree)),
    };
    this.#flights.set(place.hash, flight);
    const forget = () => {
      if (this.#flights.get(place.hash) === flight) this.#flights.delete(place.hash);
    };
    flight.result.then(forget, forget);
    return flight;
  }

  /** Steps 3 to 6. */
  async #fly(
    place: Place,
    load: Load<unknown>,
    options: FlightOptions,
    flight: Flight,
    onlyIfFree: boolean,
  ): Promise<unknown> {
    for (;;) {
      let lock: FlightLock | undefined;
      try {
        lock = await this.#lock(place, options, flight, onlyIfFree);
        if (lock === undefined) return undefined;
        const begun = await this.#takeOff(place, options);
        if (begun.kind === 'fresh') return begun.value;
        flight.joinable = () =>
          begun.era.words.lease(place.slot) === place.leaseMark && areCurrent(begun.era.words, begun.stamps.tags);
        return await this.#load(place, load, options, flight, begun);
      } catch (error) {
        if (!(error instanceof EraEnded)) throw error;
      } finally {
        lock?.release();
      }
    }
  }

  #lock(
    place: Place,
    options: FlightOptions,
    flight: Flight,
    onlyIfFree: boolean,
  ): Promise<FlightLock> | FlightLock | undefined {
    if (onlyIfFree) return tryFlightLock(this.#core.store.era, place);
    return flightLock(() => this.#core.store.era, place, {
      timeoutMs: options.lockTimeoutMs,
      signal: flight.abort.signal,
      nested: inside.getStore() !== undefined,
    });
  }

  /** Steps 3 and 4: the second look, and the lease. */
  async #takeOff(place: Place, options: FlightOptions) {
    const { store } = this.#core;
    const outcome = await store.inside(place.shard, 'exclusive', (era) => {
      const found = readOrOpenEntry(era, place);
      const kept: Found | OpenEntry =
        found.kind === 'entry'
          ? { kind: 'entry', entry: { header: found.entry.header, payload: Buffer.from(found.entry.payload) } }
          : found;
      // One that is still to be read may turn out to be damaged.
      const fresh = kept.kind === 'entry' && isFresh(era, kept);
      if (!fresh) era.words.setLease(place.slot, place.leaseMark);
      return { era, found: kept, stamps: stampTags(era, options.tags) };
    });
    const { found } = outcome;
    const whole =
      found.kind === 'open' ? await this.#core.whileOpen(readLarge(found, this.#core.options.codec.name)) : found;
    const looked = this.#look(place, whole);
    if (looked.kind === 'fresh') return { kind: 'fresh' as const, value: looked.value };
    const previous = looked.kind === 'stale' ? { previous: looked.value } : {};
    return { kind: 'begun' as const, era: outcome.era, stamps: outcome.stamps, ...previous };
  }

  /** Steps 4 and 5. */
  async #load(
    place: Place,
    load: Load<unknown>,
    options: FlightOptions,
    flight: Flight,
    begun: { readonly era: Era; readonly stamps: Stamps; readonly previous?: unknown },
  ): Promise<unknown> {
    const core = this.#core;
    const started = monotonicNow();
    let { ttl } = options;
    const context: LoadContext<unknown> = {
      signal: flight.abort.signal,
      ...('previous' in begun ? { previous: begun.previous } : {}),
      setTtl(milliseconds) {
        ttl = resolveTtl(milliseconds);
      },
    };
    core.counters.loads += 1;
    let value: unknown;
    try {
      value = await inside.run({ hash: place.hash, flights: this, outer: inside.getStore() }, () => load(context));
    } catch (error) {
      reportLoad(core.directory, place.key, monotonicNow() - started, error);
      throw error;
    }
    reportLoad(core.directory, place.key, monotonicNow() - started, undefined);
    if (value === undefined || core.closed) return value;
    const encoded = core.encode(place, value, { ttl, staleMs: options.staleMs, stamps: begun.stamps });
    const { bytes } = encoded;
    this.#evictor.assertFits(bytes.length);
    await commit(core, place, encoded, (era) => era === begun.era && era.words.lease(place.slot) === place.leaseMark);
    await this.#evictor.afterWrite(place, bytes.length);
    return value;
  }

  /** Step 1, on the disk; a fresh value is kept in memory. */
  #find(place: Place): Looked | Promise<Looked> {
    const look = this.#reads.look(place);
    const keep = (entry: FoundEntry) => {
      const kept = this.#reads.keep(place, look, entry);
      return kept === undefined ? undefined : { value: handOutLater(kept) };
    };
    return this.#core.find(place, (found) => this.#look(place, found, keep));
  }

  /** `take`: what makes a value of a fresh entry. */
  #look(
    place: Place,
    found: Found,
    take = (entry: FoundEntry): { readonly value: unknown } | undefined => this.#core.decode(place, entry),
  ): Looked {
    const fresh = this.#core.fresh(place, found);
    if (fresh !== undefined) {
      const taken = take(fresh);
      return taken === undefined ? { kind: 'missing' } : { kind: 'fresh', value: taken.value };
    }
    const stale = found.kind === 'entry' ? this.#core.stale(found.entry) : undefined;
    const decoded = stale === undefined ? undefined : this.#core.decode(place, stale);
    return decoded === undefined ? { kind: 'missing' } : { kind: 'stale', value: decoded.value };
  }

  #assertNotInside(place: Place): void {
    for (let held = inside.getStore(); held !== undefined; held = held.outer) {
      if (held.hash !== place.hash || held.flights !== this) continue;
      const message = `The load of ${JSON.stringify(place.key)} asks for itself: it would wait for its own result.`;
      throw new HoldfastError('ERR_LOCK_CONFLICT', message);
    }
  }
}

function isFresh(era: Era, found: Found): boolean {
  if (found.kind !== 'entry') return false;
  const { expiresAt, tags } = found.entry.header;
  return expiresAt > Date.now() && areCurrent(era.words, tags);
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('ERR_INVALID_ARGUMENT', message);
}
