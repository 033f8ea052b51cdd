import { HoldfastError } from '../errors.js';
import { monotonicNow } from '../os/timers.js';
import { type Committed, commit, commitSync } from './commit.js';
import type { CacheCore, EncodedValue } from './core.js';
import { restampEntry } from './entry.js';
import type { Evictor } from './evictor.js';
import { checkTags, type Place } from './key.js';
import type { SetOptions } from './options.js';
import { stampTags } from './tags.js';

/*
 * `set`: encode once, then commit. What a `set` stored is visible when it returns, also where the cache was cleared while it waited:
 * the value was not in what was cleared. So it is not given up with its era; its tags get generations of the next one, and it is tried
 * again. A tag that is invalidated between the first stamp and the commit, in one era, wins over it.
 */

/** Makes a value the entry of a key. */
export async function set(
  core: CacheCore,
  evictor: Evictor,
  key: unknown,
  value: unknown,
  options: SetOptions,
): Promise<void> {
  const write = new Write(core, evictor, key, value, options);
  for (;;) {
    const committed = commit(core, write.place, write.encoded);
    if (write.isOver(committed instanceof Promise ? await committed : committed)) break;
  }
  const evicted = evictor.afterWrite(write.encoded.bytes.length);
  if (evicted !== undefined) await evicted;
}

/** The same on this thread. */
export function setSync(core: CacheCore, evictor: Evictor, key: unknown, value: unknown, options: SetOptions): void {
  const write = new Write(core, evictor, key, value, options);
  while (!write.isOver(commitSync(core, write.place, write.encoded)));
  evictor.afterWriteSync(write.encoded.bytes.length);
}

class Write {
  readonly place: Place;
  encoded: EncodedValue;
  readonly #core: CacheCore;
  readonly #tags: readonly string[];
  readonly #deadline: number;

  constructor(core: CacheCore, evictor: Evictor, key: unknown, value: unknown, { ttl, tags }: SetOptions) {
    this.place = core.place(key);
    this.#core = core;
    this.#tags = checkTags(tags);
    this.#deadline = monotonicNow() + core.options.lockTimeoutMs;
    this.encoded = core.encode(this.place, value, { ttl, stamps: stampTags(core.store.era, this.#tags) });
    evictor.assertFits(this.encoded.bytes.length);
  }

  /** False: the era ended, and the value now belongs to the next one. `ERR_LOCK_TIMEOUT` where that goes on for longer than `lockTimeout`. */
  isOver(committed: Committed): boolean {
    if (committed !== 'ended') return true;
    const { directory, options, store } = this.#core;
    if (monotonicNow() >= this.#deadline) {
      const message = `${directory} was cleared at every try to store ${JSON.stringify(this.place.key)} for ${options.lockTimeoutMs} ms.`;
      throw new HoldfastError('ERR_LOCK_TIMEOUT', message, { path: directory });
    }
    const { era } = store;
    restampEntry(this.encoded.bytes, stampTags(era, this.#tags).tags);
    this.encoded = { ...this.encoded, era };
    return false;
  }
}
