import { syscalls } from '../os/syscalls.js';
import type { Era } from './era.js';
import { SHARDS, slotOfName } from './key.js';
import { type Limits, wantsEviction } from './limits.js';
import { accessClock, lastUse } from './recency.js';
import { kindOfName, namesIn } from './shard-folder.js';
import { PAUSE, type Steps } from './steps.js';
import type { ShardTotals } from './words.js';

/** Names that are kept of all that there are: a tenth of the entries is told to within a third of a percent. */
const SAMPLE = 8_192;
const LOOKS_PER_STEP = 128;

/** How cold an entry is: when its slot was last used (seconds), and among equals when it was written (milliseconds). */
export interface Coldness {
  readonly usedAt: number;
  readonly writtenAt: number;
}

/** Negative: `a` is colder. */
export function compareColdness(a: Coldness, b: Coldness): number {
  return a.usedAt - b.usedAt || a.writtenAt - b.writtenAt;
}

interface Sampled extends Coldness {
  readonly length: number;
}

/**
 * Up to which coldness entries are to be evicted, or `undefined` where none are. From a random sample of all names, so that memory
 * is bounded; up to 8,192 entries the sample is all of them, and the answer exact.
 */
export function* findCutoff(
  era: Era,
  totals: ShardTotals,
  limits: Limits,
  random: () => number,
): Steps<Coldness | undefined> {
  const { names, seen } = yield* sampleNames(era, random);
  const sampled: Sampled[] = [];
  const now = accessClock();
  for (const [index, name] of names.entries()) {
    const stats = syscalls.lstat(era.paths.entry(Number.parseInt(name.slice(0, 2), 16), name));
    if (stats?.isFile()) {
      sampled.push({ usedAt: lastUse(era, slotOfName(name), now), writtenAt: stats.mtimeMs, length: stats.size });
    }
    if (index % LOOKS_PER_STEP === 0) yield PAUSE;
  }
  sampled.sort(compareColdness);
  const eachStandsFor = seen / Math.max(1, names.length);
  return cutoffOf(sampled, eachStandsFor, totals, limits);
}

function cutoffOf(
  sampled: readonly Sampled[],
  eachStandsFor: number,
  totals: ShardTotals,
  limits: Limits,
): Coldness | undefined {
  let { entries, bytes } = totals;
  let cutoff: Coldness | undefined;
  for (const next of sampled) {
    if (!wantsEviction({ entries, bytes }, next.length, limits)) break;
    entries -= eachStandsFor;
    bytes -= next.length * eachStandsFor;
    cutoff = next;
  }
  return cutoff;
}

/** Each name of an entry with the same chance (reservoir sampling). */
function* sampleNames(era: Era, random: () => number): Steps<{ names: string[]; seen: number }> {
  const names: string[] = [];
  let seen = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) {
    for (const name of namesIn(era, shard)) {
      if (kindOfName(shard, name) !== 'entry') continue;
      const index = seen < SAMPLE ? seen : Math.floor(random() * (seen + 1));
      if (index < SAMPLE) names[index] = name;
      seen += 1;
    }
    yield PAUSE;
  }
  return { names, seen };
}
