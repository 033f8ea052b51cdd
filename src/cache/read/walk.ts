import { throwIfAborted } from '../../os/realms.js';
import { Turns } from '../../os/turns.js';
import type { CacheCore } from '../core/index.js';
import { kindOfName, namesIn, readHeader } from '../disk/index.js';
import { type Era, EraEnded } from '../era/index.js';
import { type EntryHeader, placeOf, SHARDS } from '../format/index.js';
import { PAUSE, runSteps, type Steps } from '../sections/index.js';

/** What is known of an entry without reading its payload. */
export interface EntrySummary extends EntryHeader {
  /** Of the file. */
  readonly fileBytes: number;
}

/** Headers that are read before the first of them is given out. */
const HEADERS_PER_SLICE = 64;

/**
 * The headers of all entries, expired ones too, in no order. An entry that is there all the while is given exactly once, one that is
 * written or removed meanwhile once or not at all. What is damaged is passed over. Ends where the era ends. Holds the names of one shard.
 */
export async function* walk(core: CacheCore, signal?: AbortSignal): AsyncGenerator<EntrySummary, void> {
  const era = await core.sections.presentEra();
  const turns = new Turns();
  try {
    for (let shard = 0; shard < SHARDS; shard += 1) {
      const names = entryNames(era, shard);
      for (let from = 0; from < names.length; from += HEADERS_PER_SLICE) {
        const slice = names.slice(from, from + HEADERS_PER_SLICE);
        for (const summary of await runSteps(core, summariesOf(era, shard, slice), signal)) {
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
    // All that was left has been removed.
    if (!(error instanceof EraEnded)) throw error;
  }
}

/** readdir(3) may give a name twice that is removed and made again meanwhile. */
function entryNames(era: Era, shard: number): string[] {
  const names = namesIn(era, shard).filter((name) => kindOfName(shard, name) === 'entry');
  return [...new Set(names)];
}

function* summariesOf(era: Era, shard: number, names: readonly string[]): Steps<EntrySummary[]> {
  const summaries: EntrySummary[] = [];
  for (const name of names) {
    let found = readHeader(era, shard, name);
    if (found.kind === 'damaged') {
      // It may be that somebody rewrites it in place just now.
      const readAgain = () => {
        found = readHeader(era, shard, name);
      };
      yield { era, shard, work: readAgain };
    }
    // Under another name than its own it is not found, so it is not there; and it may be a copy.
    if (found.kind !== 'header' || placeOf(found.header.key).hash !== name) continue;
    summaries.push({ ...found.header, fileBytes: found.size });
    yield PAUSE;
  }
  return summaries;
}
