import { types } from 'node:util';
import { HoldfastError, invalidArgument } from '../../errors.js';
import { assertKnownOptions, namesOf } from '../../lock/index.js';
import { sleepSync } from '../../os/sleep.js';
import { delay, monotonicNow } from '../../os/timers.js';
import { type CacheCore, resolveTtl, stampTagsNow } from '../core/index.js';
import type { Era } from '../era/index.js';
import type { Evictor } from '../eviction/index.js';
import { checkTags, type DecodedHeader, type Place } from '../format/index.js';
import { decodeEntry, freshEntry } from '../read/index.js';
import { isFreshIn, type Stamps } from '../shared/index.js';
import { closeOpened, type EncodedValue, type Found, type Storage } from '../storage/index.js';
import { encode } from './encode.js';
import { insideUpdate, insideUpdateSync, placeToWrite } from './own-write.js';

/**
 * Returns the next value for the present one; `undefined` removes the entry. It may run more than once, so it should
 * have no other effect.
 */
export type Change<V, R = V | undefined> = (old: V | undefined) => R;

/** What `update` changes of the entry beside its value. */
export interface UpdateOptions {
  /**
   * Milliseconds from the write until it expires. Default: it expires when the old value would have, else the cache's
   * `ttl`.
   */
  ttl?: number | undefined;
  /** Default: the tags of the old value, else none. */
  tags?: readonly string[] | undefined;
}

/** The state that a change starts from. */
interface Seen {
  /** Of the entry on the disk, fresh or not. */
  readonly version: bigint | undefined;
  readonly value: unknown;
  /** Of the entry that holds the value; `undefined` where a read finds none. */
  readonly header: DecodedHeader | undefined;
  readonly stamps: Stamps<Era>;
}

const KNOWN = namesOf<UpdateOptions>({ ttl: true, tags: true });
const LONGEST_PAUSE_MS = 2;

/**
 * Changes a value atomically over all processes. No lock is held while `change` runs. The result is stored only if a
 * read would still return the value that `change` got. Otherwise `change` runs again, until `lockTimeout`
 * (`ERR_LOCK_TIMEOUT`).
 *
 * The entry keeps its time of expiry and its tags, unless `ttl` and `tags` change them. If there is no entry, or it
 * expires or is invalidated before the commit, a new one is made, with the cache's `ttl` and no tags. `createdAt` is
 * when this value was stored. `tags` carry their generations from before `change` ran: if one is invalidated meanwhile,
 * the result is a miss.
 *
 * `change` and the codec may not write the same entry (`ERR_LOCK_CONFLICT`), see own-write.ts.
 */
export async function update(
  core: CacheCore,
  evictor: Evictor,
  key: string,
  change: Change<unknown, unknown>,
  options: UpdateOptions,
): Promise<unknown> {
  const updating = new Updating(core, evictor, key, change, options);
  const { place } = updating;
  for (let tries = 1; ; tries += 1) {
    const seen = await core.storage.find(place, (found) => updating.see(found));
    const next = await insideUpdate(core, place, () => change(seen.value));
    const encoded = updating.encode(seen, next);
    const unchanged = (present: Era) => isUnchanged(core.storage, present, place, seen);
    const { storage } = core;
    const committed = encoded ? await storage.put(place, encoded, unchanged) : await storage.remove(place, unchanged);
    if (committed !== 'refused') {
      if (encoded !== undefined) await evictor.afterWrite(place, encoded.bytes.length);
      return next;
    }
    updating.assertInTime();
    // Two updates at the same pace could collide again and again. A random pause separates them.
    await delay(pauseMs(tries));
  }
}

/** The same on this thread. */
export function updateSync(
  core: CacheCore,
  evictor: Evictor,
  key: string,
  change: Change<unknown, unknown>,
  options: UpdateOptions,
): unknown {
  const updating = new Updating(core, evictor, key, change, options);
  const { place } = updating;
  for (let tries = 1; ; tries += 1) {
    const seen = updating.see(core.storage.findSync(place));
    const next = insideUpdateSync(core, place, () => change(seen.value));
    if (types.isPromise(next)) throw invalidArgument('change must not give a promise to updateSync: use update.');
    const encoded = updating.encode(seen, next);
    const unchanged = (present: Era) => isUnchanged(core.storage, present, place, seen);
    const { storage } = core;
    const committed = encoded ? storage.putSync(place, encoded, unchanged) : storage.removeSync(place, unchanged);
    if (committed !== 'refused') {
      if (encoded !== undefined) evictor.afterWriteSync(place, encoded.bytes.length);
      return next;
    }
    updating.assertInTime();
    sleepSync(pauseMs(tries));
  }
}

/** One update, however often it is tried. */
class Updating {
  readonly place: Place;
  readonly #core: CacheCore;
  readonly #evictor: Evictor;
  readonly #ttl: number | undefined;
  readonly #tags: readonly string[] | undefined;
  readonly #deadline: number;

  constructor(core: CacheCore, evictor: Evictor, key: unknown, change: unknown, options: UpdateOptions) {
    assertKnownOptions(options, KNOWN);
    const { ttl, tags } = options;
    this.place = placeToWrite(core, key);
    if (typeof change !== 'function') throw invalidArgument('change must be a function.');
    this.#core = core;
    this.#evictor = evictor;
    this.#ttl = ttl === undefined ? undefined : resolveTtl(ttl);
    this.#tags = tags === undefined ? undefined : checkTags(tags);
    this.#deadline = monotonicNow() + core.options.lockTimeoutMs;
  }

  /** To be called in the turn of the event loop in which the entry was read. */
  see(found: Found): Seen {
    const era = this.#core.sections.opened;
    const version = versionOf(found);
    const given = this.#tags && stampTagsNow(this.#core, this.#tags);
    const entry = freshEntry(this.#core, this.place, found);
    const decoded = entry && decodeEntry(this.#core, this.place, entry, (work) => this.#inside(work));
    const header = decoded === undefined ? undefined : entry?.header;
    // A fresh entry carries the present generations of its tags.
    return { version, value: decoded?.value, header, stamps: given ?? { era, tags: header?.tags ?? [] } };
  }

  /** `undefined`: the entry is to be removed. */
  encode({ header, stamps }: Seen, next: unknown): EncodedValue | undefined {
    if (next === undefined) return undefined;
    const options = { ttl: this.#ttl, kept: header && endsOf(header), stamps };
    const encoded = this.#inside(() => encode(this.#core, this.place, next, options));
    this.#evictor.assertFits(encoded.bytes.length);
    return encoded;
  }

  assertInTime(): void {
    if (monotonicNow() < this.#deadline) return;
    const { directory, options } = this.#core;
    const message = `The entry of ${JSON.stringify(this.place.key)} was changed by others at every try for ${options.lockTimeoutMs} ms.`;
    throw new HoldfastError('ERR_LOCK_TIMEOUT', message, { path: directory });
  }

  #inside<T>(work: () => T): T {
    return insideUpdateSync(this.#core, this.place, work);
  }
}

function endsOf({ expiresAt, staleUntil }: DecodedHeader) {
  return { expiresAt, staleUntil };
}

function pauseMs(tries: number): number {
  return Math.random() * Math.min(LONGEST_PAUSE_MS, tries / 4);
}

/**
 * Inside the shard's exclusive section: whether a read would still return what was seen. Of a large entry only the
 * header is read.
 */
function isUnchanged(storage: Storage, era: Era, place: Place, seen: Seen): boolean {
  if (seen.header !== undefined && !isFreshIn(era, seen.header)) return false;
  const present = storage.openInside(era, place);
  closeOpened(present);
  if (present.kind !== 'open') return versionOf(present) === seen.version;
  // A damaged entry has no version. If one was seen, the whole entry must be read to find it still damaged.
  if (seen.version !== undefined) return present.header.version === seen.version;
  return versionOf(storage.readInside(era, place)) === undefined;
}

/** `undefined`: there is no entry, or it is damaged. */
function versionOf(found: Found): bigint | undefined {
  return found.kind === 'entry' ? found.entry.header.version : undefined;
}
