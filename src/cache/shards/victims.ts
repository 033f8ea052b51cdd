import { syscalls } from '../../os/syscalls.js';
import { monotonicNow, wallClock } from '../../os/timers.js';
import { kindOfName, namesIn } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { type Place, SHARDS, slotOfName } from '../format/index.js';
import { accessClock, lastUse } from '../shared/index.js';

/** How cold an entry is: when its slot was last used (ticks), and among equals when it was written (milliseconds). */
export interface Coldness {
  readonly usedAt: number;
  readonly writtenAt: number;
}

/** Negative: `a` is colder. */
export function compareColdness(a: Coldness, b: Coldness): number {
  return a.usedAt - b.usedAt || a.writtenAt - b.writtenAt;
}

/** An entry that may be evicted, and what must still hold for that: its slot has neither been used nor written to since. */
export interface Candidate extends Coldness {
  readonly shard: number;
  readonly name: string;
  readonly slot: number;
  readonly epoch: number;
}

/** The victim is the coldest of at least so many entries, where the cache holds as many. */
const SAMPLE = 32;
/** Of shards up to this size all entries are candidates; of larger ones the coldest eighth, up to twice as many. */
const SMALL_SHARD = 128;
const PART_OF_SHARD = 1 / 8;
const MOST_CANDIDATES = 256;
/** So many folders one write reads to have more to choose from, and each at the latest after so long: others write there too. */
const MOST_REFILLS = 16;
const OLDEST_POOL_MS = 10_000;
const MOST_LEFTOVERS = 64;

/** A file that a writer may have left that was killed. */
export interface Leftover {
  readonly shard: number;
  readonly name: string;
}

/** Candidates of one shard, the coldest last. */
interface Pool {
  readonly candidates: Candidate[];
  readonly filledAtMs: number;
  /** Whether it began as the whole shard. */
  readonly whole: boolean;
}

/**
 * Candidates for eviction, as one process knows them. To read a folder takes as long as some hundred evictions, so what was read is
 * kept: names, with the time of last use and the epoch of their slots. Both stand in shared memory, so that whether a candidate is as
 * cold as it was, and still there, is known without a system call.
 */
export class Victims {
  readonly #pools = new Map<number, Pool>();
  readonly #leftovers: Leftover[] = [];
  #era: Era | undefined;
  #refills = 0;

  /** To be called once for each write that makes room. */
  begin(era: Era): void {
    this.#refills = 0;
    if (this.#era === era) return;
    this.#era = era;
    this.#pools.clear();
    this.#leftovers.length = 0;
  }

  /** This process has written an entry: the warmest of its shard. So small caches need not read their folders again and again. */
  noteWritten(era: Era, { shard, hash, slot }: Place): void {
    const pool = era === this.#era ? this.#pools.get(shard) : undefined;
    if (pool === undefined) return;
    const known = pool.candidates.findIndex(({ name }) => name === hash);
    if (known >= 0) pool.candidates.splice(known, 1);
    if (!pool.whole || pool.candidates.length >= MOST_CANDIDATES) return;
    insert(pool.candidates, {
      ...candidateOf(era, shard, hash),
      usedAt: era.words.access(slot),
      writtenAt: wallClock(),
    });
  }

  /**
   * The coldest of the shard of `written` and of as many of those behind it as it takes to have seen enough entries; never `written`
   * itself. `undefined`: there is nothing (that can be had). Throws EraEnded.
   */
  coldest(era: Era, written: Pick<Place, 'shard' | 'hash'>, passedOver: ReadonlySet<number>): Candidate | undefined {
    let best: Candidate | undefined;
    let seen = 0;
    for (let step = 0; step < SHARDS && seen < SAMPLE; step += 1) {
      const shard = (written.shard + step) % SHARDS;
      const entries = era.words.totals.entriesOf(shard);
      if (entries <= 0 || passedOver.has(shard)) continue;
      const candidate = this.#coldestOf(era, shard, written.hash, best === undefined);
      if (candidate === undefined) continue;
      seen += entries;
      if (best === undefined || compareColdness(candidate, best) < 0) best = candidate;
    }
    return best;
  }

  /** What was seen beside the entries when a folder was read; each is given once. */
  nextLeftover(): Leftover | undefined {
    return this.#leftovers.pop();
  }

  /** It has been evicted, or was not what it had been. */
  drop({ shard, name }: Candidate): void {
    const candidates = this.#pools.get(shard)?.candidates ?? [];
    const index = candidates.findLastIndex((candidate) => candidate.name === name);
    if (index >= 0) candidates.splice(index, 1);
  }

  /** `needed`: nothing has been found yet, so that reading a folder is worth while in any case. */
  #coldestOf(era: Era, shard: number, except: string, needed: boolean): Candidate | undefined {
    const pool = this.#pools.get(shard);
    const old = pool === undefined || monotonicNow() - pool.filledAtMs > OLDEST_POOL_MS;
    const found = old ? undefined : stillColdest(era, pool, except);
    if (found !== undefined || (this.#refills >= MOST_REFILLS && !needed)) return found;
    // All that there is has just been written: nothing else would be found.
    if (!old && pool.candidates.length > 0) return undefined;
    this.#refills += 1;
    const filled = fill(era, shard, this.#leftovers);
    this.#pools.set(shard, filled);
    return stillColdest(era, filled, except);
  }
}

/** Takes out what was written or removed since, and puts what was used since among the warmer ones. */
function stillColdest(era: Era, { candidates, whole }: Pool, except: string): Candidate | undefined {
  const now = accessClock();
  for (let index = candidates.length - 1; index >= 0; index -= 1) {
    const candidate = candidates[index] as Candidate;
    if (candidate.name === except) continue;
    if (isUnchanged(era, candidate, now)) return candidate;
    candidates.splice(index, 1);
    const usedAt = lastUse(era, candidate.slot, now);
    if (!whole || era.words.epoch(candidate.slot) !== candidate.epoch) continue;
    // It comes up again further on, or right here: then it is the coldest all the same.
    insert(candidates, { ...candidate, usedAt });
    index = candidates.length;
  }
  return undefined;
}

/** Whether a candidate is as cold as it was. Two loads. */
export function isUnchanged(era: Era, { slot, epoch, usedAt }: Candidate, now = accessClock()): boolean {
  return era.words.epoch(slot) === epoch && lastUse(era, slot, now) <= usedAt;
}

function fill(era: Era, shard: number, leftovers: Leftover[]): Pool {
  const found: Candidate[] = [];
  for (const name of namesIn(era, shard)) {
    const kind = kindOfName(shard, name);
    if (kind === 'entry') found.push(candidateOf(era, shard, name));
    const left = kind === 'temporary' || (kind === 'spare' && era.words.spare(shard) === 0);
    if (left && leftovers.length < MOST_LEFTOVERS) leftovers.push({ shard, name });
  }
  const whole = found.length <= SMALL_SHARD;
  const kept = whole ? found.length : Math.min(MOST_CANDIDATES, Math.max(SMALL_SHARD, found.length * PART_OF_SHARD));
  const coldestFirst = found.sort((a, b) => a.usedAt - b.usedAt).slice(0, kept);
  const dated = coldestFirst.map((candidate, index) => ({ ...candidate, writtenAt: writtenAt(era, candidate, index) }));
  return { candidates: dated.sort((a, b) => compareColdness(b, a)), filledAtMs: monotonicNow(), whole };
}

/** Only of so many as is cheap; the others are taken for younger. */
function writtenAt(era: Era, { shard, name }: Candidate, index: number): number {
  if (index >= SMALL_SHARD) return Number.POSITIVE_INFINITY;
  return syscalls.lstat(era.paths.entry(shard, name))?.mtimeMs ?? 0;
}

/** The epoch is loaded before anything else of it is looked at. */
function candidateOf(era: Era, shard: number, name: string): Candidate {
  const slot = slotOfName(name);
  return { shard, name, slot, epoch: era.words.epoch(slot), usedAt: lastUse(era, slot, accessClock()), writtenAt: 0 };
}

/** Keeps the order. */
function insert(coldestLast: Candidate[], candidate: Candidate): void {
  let index = coldestLast.length;
  while (index > 0 && compareColdness(coldestLast[index - 1] as Candidate, candidate) < 0) index -= 1;
  coldestLast.splice(index, 0, candidate);
}
