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

/** An entry that may be evicted, as long as its slot is neither used nor written to. */
export interface Candidate extends Coldness {
  readonly shard: number;
  readonly name: string;
  readonly slot: number;
  readonly epoch: number;
}

/** The victim is the coldest of at least so many entries, or of all if the cache holds fewer. */
const SAMPLE = 32;
/**
 * In shards up to this size all entries are candidates. In larger ones these are the coldest eighth, at least as many
 * as this and at most MOST_CANDIDATES.
 */
const SMALL_SHARD = 128;
const PART_OF_SHARD = 1 / 8;
const MOST_CANDIDATES = 256;
/**
 * One write reads so many folders to have more to choose from. A folder is read again after so long, since other
 * processes write there too.
 */
const MOST_REFILLS = 16;
const OLDEST_POOL_MS = 10_000;
const MOST_LEFTOVERS = 64;

/** A file that a killed writer may have left. */
export interface Leftover {
  readonly shard: number;
  readonly name: string;
}

/** Candidates of one shard, the coldest last. */
interface Pool {
  readonly candidates: Candidate[];
  readonly filledAtMs: number;
  /** Whether it contained the whole shard when it was filled. */
  readonly whole: boolean;
}

/**
 * Candidates for eviction, as one process knows them. To read a folder takes as long as some hundred evictions, so its
 * names are kept, with the time of last use and the epoch of their slots. Both are words of shared memory: whether a
 * candidate is still there and as cold as before is known without a system call.
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

  /**
   * Adds an entry that this process has written, as the warmest of its shard. So small caches need not read their
   * folders at every write.
   */
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
   * The coldest entry in the shard of `written` and in the shards that follow, until there were SAMPLE entries to
   * choose from. Never `written` itself. `undefined`: there is none, or only in shards to pass over. Throws EraEnded.
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

  /** The next file beside the entries that was seen when a folder was read. Each is given once. */
  nextLeftover(): Leftover | undefined {
    return this.#leftovers.pop();
  }

  /** Drops a candidate that has been evicted, or has changed. */
  drop({ shard, name }: Candidate): void {
    const candidates = this.#pools.get(shard)?.candidates ?? [];
    const index = candidates.findLastIndex((candidate) => candidate.name === name);
    if (index >= 0) candidates.splice(index, 1);
  }

  /** `needed`: no candidate has been found yet, so a folder is read in any case. */
  #coldestOf(era: Era, shard: number, except: string, needed: boolean): Candidate | undefined {
    const pool = this.#pools.get(shard);
    const old = pool === undefined || monotonicNow() - pool.filledAtMs > OLDEST_POOL_MS;
    const found = old ? undefined : stillColdest(era, pool, except);
    if (found !== undefined || (this.#refills >= MOST_REFILLS && !needed)) return found;
    // The pool holds only `except`, which has just been written: reading the folder would find nothing else.
    if (!old && pool.candidates.length > 0) return undefined;
    this.#refills += 1;
    const filled = fill(era, shard, this.#leftovers);
    this.#pools.set(shard, filled);
    return stillColdest(era, filled, except);
  }
}

/**
 * The coldest candidate that has not changed. Takes out those that were written or removed since, and moves those that
 * were used since to the warmer ones.
 */
function stillColdest(era: Era, { candidates, whole }: Pool, except: string): Candidate | undefined {
  const now = accessClock();
  for (let index = candidates.length - 1; index >= 0; index -= 1) {
    const candidate = candidates[index] as Candidate;
    if (candidate.name === except) continue;
    if (isUnchanged(era, candidate, now)) return candidate;
    candidates.splice(index, 1);
    const usedAt = lastUse(era, candidate.slot, now);
    if (!whole || era.words.epoch(candidate.slot) !== candidate.epoch) continue;
    // The loop meets it again later, or at once if it is still the coldest.
    insert(candidates, { ...candidate, usedAt });
    index = candidates.length;
  }
  return undefined;
}

/** Whether a candidate is as cold as before. Two loads. */
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
  const size = whole ? found.length : Math.min(MOST_CANDIDATES, Math.max(SMALL_SHARD, found.length * PART_OF_SHARD));
  const coldestFirst = found.sort((a, b) => a.usedAt - b.usedAt).slice(0, size);
  const dated = coldestFirst.map((candidate, index) => ({ ...candidate, writtenAt: writtenAt(era, candidate, index) }));
  return { candidates: dated.sort((a, b) => compareColdness(b, a)), filledAtMs: monotonicNow(), whole };
}

/** Looked up only for as many as is cheap. The others count as younger. */
function writtenAt(era: Era, { shard, name }: Candidate, index: number): number {
  if (index >= SMALL_SHARD) return Number.POSITIVE_INFINITY;
  return syscalls.lstat(era.paths.entry(shard, name))?.mtimeMs ?? 0;
}

/** The epoch is loaded before anything else of the candidate. */
function candidateOf(era: Era, shard: number, name: string): Candidate {
  const slot = slotOfName(name);
  return { shard, name, slot, epoch: era.words.epoch(slot), usedAt: lastUse(era, slot, accessClock()), writtenAt: 0 };
}

/** Inserts a candidate and keeps the order. */
function insert(coldestLast: Candidate[], candidate: Candidate): void {
  let index = coldestLast.length;
  while (index > 0 && compareColdness(coldestLast[index - 1] as Candidate, candidate) < 0) index -= 1;
  coldestLast.splice(index, 0, candidate);
}
