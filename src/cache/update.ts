import { HoldfastError } from '../errors.js';
import { sleepSync } from '../os/sleep.js';
import { delay, monotonicNow } from '../os/timers.js';
import { commit, commitSync, remove, removeSync } from './commit.js';
import type { CacheCore } from './core.js';
import { closeOpened, type Found, readEntry, readOrOpenEntry } from './disk.js';
import type { Era } from './era.js';
import type { Evictor } from './evictor.js';
import type { Place } from './key.js';

/** What `update` makes of the present value; `undefined` removes the entry. It may run more than once: it should have no other effect. */
export type Change<V, R = V | undefined> = (old: V | undefined) => R;

/** The state that a change was made from: a version, or none. */
interface Seen {
  readonly version: bigint | undefined;
  readonly value: unknown;
}

const LONGEST_PAUSE_MS = 2;

/**
 * Changes a value as one step over all processes, without holding a lock while `change` runs: the result is stored only if the entry is
 * still the version that `change` was given, else `change` runs again, until `lockTimeout` (`ERR_LOCK_TIMEOUT`).
 */
export async function update<V>(
  core: CacheCore,
  evictor: Evictor,
  key: string,
  change: Change<V, V | undefined | Promise<V | undefined>>,
  options: { ttl?: number | undefined },
): Promise<V | undefined> {
  const place = core.place(key);
  const deadline = monotonicNow() + core.options.lockTimeoutMs;
  for (let tries = 1; ; tries += 1) {
    const seen = await core.find(place, (found) => see(core, place, found));
    const next = await change(seen.value as V | undefined);
    const encoded = next === undefined ? undefined : core.encode(place, next, options);
    if (encoded !== undefined) evictor.assertFits(encoded.bytes.length);
    const unchanged = (era: Era) => isUnchanged(era, place, seen);
    const committed = encoded ? await commit(core, place, encoded, unchanged) : await remove(core, place, unchanged);
    if (committed !== 'refused' && committed !== 'ended') {
      await evictor.afterWrite(encoded?.bytes.length ?? 0);
      return next;
    }
    assertPatience(core, place, deadline);
    // Who lost once may lose again to the same one; a pause that differs parts them.
    await delay(Math.random() * Math.min(LONGEST_PAUSE_MS, tries / 4));
  }
}

/** The same on this thread. */
export function updateSync<V>(
  core: CacheCore,
  evictor: Evictor,
  key: string,
  change: Change<V>,
  options: { ttl?: number | undefined },
): V | undefined {
  const place = core.place(key);
  const deadline = monotonicNow() + core.options.lockTimeoutMs;
  for (let tries = 1; ; tries += 1) {
    const seen = see(core, place, core.findSync(place));
    const next = change(seen.value as V | undefined);
    const encoded = next === undefined ? undefined : core.encode(place, next, options);
    if (encoded !== undefined) evictor.assertFits(encoded.bytes.length);
    const unchanged = (era: Era) => isUnchanged(era, place, seen);
    const committed = encoded ? commitSync(core, place, encoded, unchanged) : removeSync(core, place, unchanged);
    if (committed !== 'refused' && committed !== 'ended') {
      evictor.afterWriteSync(encoded?.bytes.length ?? 0);
      return next;
    }
    assertPatience(core, place, deadline);
    sleepSync(Math.random() * Math.min(LONGEST_PAUSE_MS, tries / 4));
  }
}

function see(core: CacheCore, place: Place, found: Found): Seen {
  const entry = core.fresh(place, found);
  return { version: versionOf(found), value: entry === undefined ? undefined : core.decode(place, entry)?.value };
}

/** Inside the shard's exclusive section. Of a large entry the header tells; all of it is read only where that says that it is another one. */
function isUnchanged(era: Era, place: Place, seen: Seen): boolean {
  const present = readOrOpenEntry(era, place);
  closeOpened(present);
  if (present.kind !== 'open') return versionOf(present) === seen.version;
  return present.header.version === seen.version || versionOf(readEntry(era, place)) === seen.version;
}

/** What is damaged has no version. */
function versionOf(found: Found): bigint | undefined {
  return found.kind === 'entry' ? found.entry.header.version : undefined;
}

function assertPatience(core: CacheCore, place: Place, deadline: number): void {
  if (monotonicNow() < deadline) return;
  const message = `The entry of ${JSON.stringify(place.key)} was changed by others at every try for ${core.options.lockTimeoutMs} ms.`;
  throw new HoldfastError('ERR_LOCK_TIMEOUT', message, { path: core.directory });
}
