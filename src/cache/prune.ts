import { randomBytes } from 'node:crypto';
import { errorCode, quietly } from '../errors.js';
import { type OpenLockFile, tryLockFileAt } from '../lock/index.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../os/syscalls.js';
import type { CacheCore } from './core.js';
import { type Era, EraEnded, endEraIn } from './era.js';
import { whileLockedSync } from './exclusive-file.js';
import { REMOVALS_PER_SECTION, removeExpired } from './expired.js';
import { readFormat } from './format.js';
import { SHARDS } from './key.js';
import { type CachePaths, cachePaths, ENDED_PREFIX, ERA_PREFIX, SPARE_NAME } from './layout.js';
import { SlowRemoval } from './remove-tree.js';
import { kindOfName, namesIn, removeOrphan } from './shard-folder.js';
import { discardSpare, isLeftBehind } from './spare.js';
import { PAUSE, runSteps, type Steps } from './steps.js';

/** What `prune` removed. */
export interface PruneReport {
  /** Expired entries. */
  removed: number;
  /** Bytes of the files of those entries, and of temporaries. */
  bytes: number;
  /** Temporary files that killed writers left. */
  temporaries: number;
  /** Locks of flights that nobody holds. */
  flightLocks: number;
  /** Folders of former eras. */
  eras: number;
}

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each shard with how many are done. */
  readonly onProgress?: ((progress: { readonly shards: number; readonly of: number }) => void) | undefined;
}

/**
 * Removes what nobody can want any more: expired entries (those that may still be given out as stale ones stay), temporaries
 * and locks that dead processes left, former eras. In slices. Rejects with the signal's reason; what was removed until then stays removed.
 */
export async function prune(core: CacheCore, { signal, onProgress }: PruneOptions = {}): Promise<PruneReport> {
  core.assertOpen();
  const report: PruneReport = { removed: 0, bytes: 0, temporaries: 0, flightLocks: 0, eras: 0 };
  const { era } = core.store;
  try {
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await runSteps(core, pruneShard(era, shard, report), signal);
      onProgress?.({ shards: shard + 1, of: SHARDS });
    }
    await runSteps(core, pruneFlights(era, report), signal);
    await emptyTrash(era, signal);
  } catch (error) {
    // The whole era has been removed, and with it what was to be pruned.
    if (!(error instanceof EraEnded)) throw error;
  }
  await removeFormerEras(core, report, signal);
  return report;
}

function* pruneShard(era: Era, shard: number, report: PruneReport): Steps<void> {
  const expired = { entries: 0, bytes: 0 };
  yield* removeExpired(era, shard, Date.now(), expired);
  report.removed += expired.entries;
  report.bytes += expired.bytes;
  const present = namesIn(era, shard);
  const temporaries = present.filter((name) => kindOfName(shard, name) === 'temporary');
  for (let from = 0; from < temporaries.length; from += REMOVALS_PER_SECTION) {
    const names = temporaries.slice(from, from + REMOVALS_PER_SECTION);
    yield { era, shard, work: () => removeOrphans(era, shard, names, report) };
  }
  if (present.includes(SPARE_NAME) && era.words.spare(shard) === 0) {
    yield { era, shard, work: () => removeLeftSpare(era, shard, report) };
  }
  yield PAUSE;
}

function removeLeftSpare(era: Era, shard: number, report: PruneReport): void {
  if (!isLeftBehind(era, shard)) return;
  report.bytes += discardSpare(era, shard);
  report.temporaries += 1;
}

function removeOrphans(era: Era, shard: number, names: readonly string[], report: PruneReport): void {
  for (const name of names) {
    const bytes = removeOrphan(era, era.paths.entry(shard, name));
    if (bytes === undefined) continue;
    report.temporaries += 1;
    report.bytes += bytes;
  }
}

/** Whoever locks a flight looks at its path afterwards, so its holder, and nobody else, may unlink it. */
function* pruneFlights(era: Era, report: PruneReport): Steps<void> {
  for (const name of readFolder(era.paths.flights)) {
    if (removeIdleLock(`${era.paths.flights}/${name}`)) report.flightLocks += 1;
    yield PAUSE;
  }
}

function removeIdleLock(path: string): boolean {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const { dev, ino } = syscalls.fstat(fd);
    const file: OpenLockFile = { fd, dev, ino };
    if (tryLockFileAt(file, path, 'exclusive') !== 'held') return false;
    syscalls.unlink(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

async function emptyTrash(era: Era, signal: AbortSignal | undefined): Promise<void> {
  for (const name of readFolder(era.paths.trash)) await removeFolder(`${era.paths.trash}/${name}`, signal);
}

async function removeFormerEras(core: CacheCore, report: PruneReport, signal: AbortSignal | undefined): Promise<void> {
  const paths = cachePaths(core.directory);
  try {
    whileLockedSync(paths.formatLock, 0, () => setFormerErasAside(paths));
  } catch (error) {
    // Somebody begins an era just now, and sees to the former ones.
    if (errorCode(error) !== 'ERR_LOCK_TIMEOUT') throw error;
  }
  for (const name of readFolder(paths.version)) {
    if (!name.startsWith(ENDED_PREFIX)) continue;
    await removeFolder(`${paths.version}/${name}`, signal);
    report.eras += 1;
  }
}

/**
 * Eras are built and ended under the exclusive lock of `format`: one that is found then and that `format` does not name was
 * never published, or is over.
 */
function setFormerErasAside(paths: CachePaths): void {
  const format = readFormat(paths);
  if (format === undefined) return;
  for (const name of readFolder(paths.version)) {
    const path = `${paths.version}/${name}`;
    if (name.startsWith('.format-')) quietly(() => syscalls.unlink(path));
    if (!name.startsWith(ERA_PREFIX) || name === format.era) continue;
    endEraIn(path);
    syscalls.rename(path, `${paths.version}/${ENDED_PREFIX}${randomBytes(8).toString('hex')}`);
  }
}

/** Goes on behind where the signal ends the waiting. */
async function removeFolder(path: string, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const removal = new SlowRemoval(path);
  removal.keepAlive();
  await removal.done;
}

/** None where the folder has gone: the era has ended. */
function readFolder(path: string): string[] {
  try {
    return syscalls.readdir(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
