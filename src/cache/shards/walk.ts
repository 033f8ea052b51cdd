import { kindOfName, namesIn, readHeader } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { placeOf } from '../format/index.js';
import { PAUSE, type Steps } from '../sections/index.js';
import type { EntrySummary } from '../storage/index.js';

/** Headers that are read before the first of them is given out. */
const HEADERS_PER_SLICE = 64;

/** The headers of the entries of one folder. Holds all its names in memory. */
export function* walkShard(era: Era, shard: number): Generator<Steps<EntrySummary[]>, void> {
  const names = entryNames(era, shard);
  for (let from = 0; from < names.length; from += HEADERS_PER_SLICE) {
    yield summariesOf(era, shard, names.slice(from, from + HEADERS_PER_SLICE));
  }
}

/** readdir(3) may give a name twice if the file is removed and made again meanwhile. */
function entryNames(era: Era, shard: number): string[] {
  const names = namesIn(era, shard).filter((name) => kindOfName(shard, name) === 'entry');
  return [...new Set(names)];
}

function* summariesOf(era: Era, shard: number, names: readonly string[]): Steps<EntrySummary[]> {
  const summaries: EntrySummary[] = [];
  for (const name of names) {
    let found = readHeader(era, shard, name);
    if (found.kind === 'damaged') {
      // A writer may be rewriting it in place just now.
      const readAgain = () => {
        found = readHeader(era, shard, name);
      };
      yield { era, shard, work: readAgain };
    }
    // An entry under the name of another key cannot be found by its key, so it does not count. It may be a copy.
    if (found.kind !== 'header' || placeOf(found.header.key).hash !== name) continue;
    summaries.push({ ...found.header, fileBytes: found.size });
    yield PAUSE;
  }
  return summaries;
}
