import type { CacheCore } from './core.js';
import type { EntryHeader } from './entry.js';
import { type Era, EraEnded } from './era.js';
import { SHARDS } from './key.js';
import { readHeader } from './read-header.js';
import { kindOfName, namesIn } from './shard-folder.js';
import { PAUSE, runSteps, type Steps } from './steps.js';

/** What is known of an entry without reading its payload. */
export interface EntrySummary extends EntryHeader {
  /** Of the file. */
  readonly fileBytes: number;
}

/**
 * The headers of all entries, expired ones too, in no order, a shard's at a time. An entry that is written while this goes on may be
 * given or not. What is damaged is passed over.
 */
export async function* walk(core: CacheCore, signal?: AbortSignal): AsyncGenerator<EntrySummary, void> {
  const { era } = core.store;
  for (let shard = 0; shard < SHARDS; shard += 1) {
    let summaries: EntrySummary[];
    try {
      summaries = await runSteps(core, summariesOf(era, shard), signal);
    } catch (error) {
      // All that was left has been removed.
      if (error instanceof EraEnded) return;
      throw error;
    }
    yield* summaries;
  }
}

function* summariesOf(era: Era, shard: number): Steps<EntrySummary[]> {
  const summaries: EntrySummary[] = [];
  for (const name of namesIn(era, shard)) {
    if (kindOfName(shard, name) !== 'entry') continue;
    let found = readHeader(era, shard, name);
    if (found.kind === 'damaged') {
      // It may be that somebody rewrites it in place just now.
      const readAgain = () => {
        found = readHeader(era, shard, name);
      };
      yield { era, shard, work: readAgain };
    }
    if (found.kind === 'header') summaries.push({ ...found.header, fileBytes: found.size });
    yield PAUSE;
  }
  return summaries;
}
