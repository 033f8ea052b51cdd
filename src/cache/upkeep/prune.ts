import { assertKnownOptions, namesOf } from '../../lock/index.js';
import { throwIfAborted } from '../../os/realms.js';
import { assertProgressOptions, type CacheCore } from '../core/index.js';
import { type Era, EraEnded, readFolder, removeBehind, setErasAside } from '../era/index.js';
import { cachePaths, SHARDS } from '../format/index.js';
import { PAUSE, runSteps, type Steps } from '../sections/index.js';
import type { Storage } from '../storage/index.js';
import { removeIdleLock } from './idle-locks.js';

/** What `prune` removed. */
export interface PruneReport {
  /** Expired entries. */
  removed: number;
  /** Bytes of the files of those entries and of the temporaries. */
  bytes: number;
  /** Temporary files that killed writers left. */
  temporaries: number;
  /** Lock files of flights that have no holder. */
  flightLocks: number;
  /** Folders of former eras. */
  eras: number;
}

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each shard with how many are done. */
  readonly onProgress?: ((progress: { readonly shards: number; readonly of: number }) => void) | undefined;
}

const KNOWN = namesOf<PruneOptions>({ signal: true, onProgress: true });

/**
 * Removes what is of no use any more, in slices: expired entries, temporaries and lock files that dead processes have
 * left, and former eras. Expired entries that may still be given out as stale ones stay. Rejects with the signal's
 * reason; what has been removed by then stays removed.
 */
export async function prune(core: CacheCore, options: PruneOptions = {}): Promise<PruneReport> {
  core.assertOpen();
  assertKnownOptions(options, KNOWN);
  const { signal, onProgress } = options;
  assertProgressOptions(signal, onProgress);
  const report: PruneReport = { removed: 0, bytes: 0, temporaries: 0, flightLocks: 0, eras: 0 };
  const era = await core.sections.presentEra();
  try {
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await runSteps(core, pruneShard(core.storage, era, shard, report), signal);
      onProgress?.({ shards: shard + 1, of: SHARDS });
    }
    await runSteps(core, pruneFlights(era, report), signal);
    await emptyTrash(era, signal);
  } catch (error) {
    // The era has ended, and all that was to be pruned with it.
    if (!(error instanceof EraEnded)) throw error;
  }
  report.eras = await removeFormerEras(core, signal);
  return report;
}

function* pruneShard({ upkeep }: Storage, era: Era, shard: number, report: PruneReport): Steps<void> {
  const expired = { entries: 0, bytes: 0 };
  yield* upkeep.removeExpired(era, shard, Date.now(), expired);
  report.removed += expired.entries;
  report.bytes += expired.bytes;
  yield* upkeep.sweep(era, shard, report);
  yield PAUSE;
}

function* pruneFlights(era: Era, report: PruneReport): Steps<void> {
  for (const name of readFolder(era.paths.flights)) {
    if (removeIdleLock(`${era.paths.flights}/${name}`)) report.flightLocks += 1;
    yield PAUSE;
  }
}

async function emptyTrash(era: Era, signal: AbortSignal | undefined): Promise<void> {
  for (const name of readFolder(era.paths.trash)) await removeFolder(`${era.paths.trash}/${name}`, signal);
}

/** Removes eras that have ended, and those that were never published. Gives how many. */
export async function removeFormerEras(core: CacheCore, signal: AbortSignal | undefined): Promise<number> {
  const paths = cachePaths(core.directory);
  const former = setErasAside(paths);
  for (const folder of former) await removeFolder(folder, signal);
  return former.length;
}

/** The deletion of the folder that has begun goes on after an abort. */
async function removeFolder(path: string, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  const removal = removeBehind(path);
  removal.keepAlive();
  await removal.done;
}
