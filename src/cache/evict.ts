import { quietly } from '../errors.js';
import { openLockFile, tryLockFileAt } from '../lock/index.js';
import { syscalls } from '../os/syscalls.js';
import { type Coldness, compareColdness, findCutoff } from './coldest.js';
import type { CacheCore } from './core.js';
import { type Era, EraEnded } from './era.js';
import { REMOVALS_PER_SECTION, type Removed, removeExpired } from './expired.js';
import { SHARDS, slotOfName } from './key.js';
import { cachePaths } from './layout.js';
import { isOver, type Limits, wantsEviction } from './limits.js';
import { accessClock, lastUse, mayHoldExpired } from './recency.js';
import { recountMarked } from './recount.js';
import { reportEviction } from './reports.js';
import { kindOfName, namesIn, removeNamed } from './shard-folder.js';
import { PAUSE, runSteps, runStepsSync, type Steps } from './steps.js';
import { totalsNoted } from './totals.js';

/** How often a cutoff is looked for: more than once where the sample was off, or others wrote meanwhile. */
const MOST_ROUNDS = 8;

/**
 * Brings the cache below its limits: expired entries first, then the coldest, down to nine tenths. In slices. Gives what was removed;
 * `undefined` where nothing was to be done, or another process is at it.
 *
 * *Not* guaranteed: that the limits hold at every moment. Other processes write meanwhile, and a process that is stopped while it
 * evicts keeps the others from it.
 */
export async function evict(core: CacheCore, limits: Limits, signal?: AbortSignal): Promise<Removed | undefined> {
  const lock = needsEviction(core, limits) ? tryEvictionLock(core) : undefined;
  if (lock === undefined) return undefined;
  const removed = { entries: 0, bytes: 0 };
  try {
    await runSteps(core, evictionSteps(core.store.era, limits, removed), signal);
  } catch (error) {
    // The entries went with their era.
    if (!(error instanceof EraEnded)) throw error;
  } finally {
    lock.release();
    note(core, removed);
  }
  return removed;
}

/** The same on this thread, to the end: for programs that never let the event loop go on. */
export function evictSync(core: CacheCore, limits: Limits): Removed | undefined {
  const lock = needsEviction(core, limits) ? tryEvictionLock(core) : undefined;
  if (lock === undefined) return undefined;
  const removed = { entries: 0, bytes: 0 };
  try {
    runStepsSync(core, evictionSteps(core.store.era, limits, removed));
  } catch (error) {
    if (!(error instanceof EraEnded)) throw error;
  } finally {
    lock.release();
    note(core, removed);
  }
  return removed;
}

/** Counts and tells what was removed. Outside any section: subscribers are user code. */
function note(core: CacheCore, removed: Removed): void {
  if (removed.entries === 0) return;
  core.counters.evictions += removed.entries;
  reportEviction(core.directory, removed);
}

function needsEviction(core: CacheCore, limits: Limits): boolean {
  return isOver(totalsNoted(core.store.era.words), limits);
}

/** The lock of the one who evicts. Its file lies outside the eras, and is never removed. */
function tryEvictionLock(core: CacheCore): { release(): void } | undefined {
  const path = `${cachePaths(core.directory).version}/evict.lock`;
  const file = openLockFile(path, undefined);
  const release = () => {
    quietly(() => syscalls.unflock(file.fd));
    quietly(() => syscalls.close(file.fd));
  };
  try {
    if (tryLockFileAt(file, path, 'exclusive') === 'held') return { release };
  } catch (error) {
    release();
    throw error;
  }
  release();
  return undefined;
}

function* evictionSteps(era: Era, limits: Limits, removed: Removed): Steps<void> {
  yield* recountMarked(era);
  if (!isOver(totalsNoted(era.words), limits)) return;
  const nowMs = Date.now();
  for (let shard = 0; shard < SHARDS; shard += 1) {
    if (!wantsEviction(totalsNoted(era.words), 0, limits)) return;
    if (mayHoldExpired(era, shard, nowMs)) yield* removeExpired(era, shard, nowMs, removed);
    yield PAUSE;
  }
  for (let round = 0; round < MOST_ROUNDS && isOver(totalsNoted(era.words), limits); round += 1) {
    const cutoff = yield* findCutoff(era, totalsNoted(era.words), limits, Math.random);
    if (cutoff === undefined) return;
    for (let shard = 0; shard < SHARDS; shard += 1) {
      if (!wantsEviction(totalsNoted(era.words), 0, limits)) break;
      yield* removeColder(era, shard, cutoff, limits, removed);
    }
  }
}

/** Removes entries of a shard up to the cutoff, as long as there is need. What was used or written since has become warmer, and stays. */
function* removeColder(era: Era, shard: number, cutoff: Coldness, limits: Limits, removed: Removed): Steps<void> {
  const now = accessClock();
  const candidates = namesIn(era, shard).filter(
    (name) => kindOfName(shard, name) === 'entry' && lastUse(era, slotOfName(name), now) <= cutoff.usedAt,
  );
  for (let from = 0; from < candidates.length; from += REMOVALS_PER_SECTION) {
    const names = candidates.slice(from, from + REMOVALS_PER_SECTION);
    yield { era, shard, work: () => removeThoseColder(era, shard, names, cutoff, limits, removed) };
  }
  yield PAUSE;
}

function removeThoseColder(
  era: Era,
  shard: number,
  names: readonly string[],
  cutoff: Coldness,
  limits: Limits,
  removed: Removed,
): void {
  const totals = { ...totalsNoted(era.words) };
  const now = accessClock();
  for (const name of names) {
    const stats = syscalls.lstat(era.paths.entry(shard, name));
    if (stats === undefined) continue;
    const coldness = { usedAt: lastUse(era, slotOfName(name), now), writtenAt: stats.mtimeMs };
    if (compareColdness(coldness, cutoff) > 0 || !wantsEviction(totals, stats.size, limits)) continue;
    const bytes = removeNamed(era, shard, name);
    if (bytes === undefined) continue;
    totals.entries -= 1;
    totals.bytes -= bytes;
    removed.entries += 1;
    removed.bytes += bytes;
  }
}
