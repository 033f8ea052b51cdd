import { throwIfAborted } from '../../os/realms.js';
import { Turns } from '../../os/turns.js';
import type { CacheCore } from '../core/index.js';
import { EraEnded } from '../era/index.js';
import { SHARDS } from '../format/index.js';
import { runSteps } from '../sections/index.js';
import type { EntrySummary } from '../storage/index.js';
import { decodeEntry, freshEntry, isFresh } from './fresh.js';

/**
 * The headers of all entries, expired ones too, in no order. An entry that exists all the time is yielded exactly once.
 * One that is written or removed meanwhile is yielded once or not at all. Damaged entries are left out. Ends where the
 * era ends. Keeps the names of one shard in memory.
 */
export async function* walk(core: CacheCore, signal?: AbortSignal): AsyncGenerator<EntrySummary, void> {
  const era = await core.sections.presentEra();
  const turns = new Turns();
  try {
    for (let shard = 0; shard < SHARDS; shard += 1) {
      for (const slice of core.storage.upkeep.walk(era, shard)) {
        for (const summary of await runSteps(core, slice, signal)) {
          core.assertOpen();
          if (era.ended) return;
          yield summary;
        }
        await turns.pause();
      }
      await turns.pause();
      throwIfAborted(signal);
      core.assertOpen();
    }
  } catch (error) {
    // The era has ended, so the remaining entries have been removed.
    if (!(error instanceof EraEnded)) throw error;
  }
}

/**
 * The keys that are present, in no order, while the cache goes on changing. A key that is present all the time is
 * yielded exactly once. One that comes or goes meanwhile is yielded once or not at all. Expired and invalidated entries
 * are left out. Ends where the cache is cleared. Keeps the names of one shard in memory, a 256th of the cache, and no
 * descriptor open.
 */
export function keys(core: CacheCore): AsyncGenerator<string, void> {
  core.assertOpen();
  return presentKeys(core);
}

/** The same with values, each read when it is yielded. Damaged entries, and those of another codec, are left out. */
export function entries(core: CacheCore): AsyncGenerator<[string, unknown], void> {
  core.assertOpen();
  return presentEntries(core);
}

async function* presentKeys(core: CacheCore): AsyncGenerator<string, void> {
  for await (const summary of walk(core)) {
    if (isFresh(core, summary)) yield summary.key;
  }
}

async function* presentEntries(core: CacheCore): AsyncGenerator<[string, unknown], void> {
  for await (const key of presentKeys(core)) {
    const place = core.place(key);
    const decoded = await core.storage.find(place, (found) => {
      const entry = freshEntry(core, place, found);
      return entry === undefined ? undefined : decodeEntry(core, place, entry);
    });
    if (decoded !== undefined) yield [key, decoded.value];
  }
}
