import { errorCode, quietly } from '../../errors.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, type Stats, syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import { SPARE_NAME, slotOfName } from '../format/index.js';
import { moveAway, TEMPORARY_PREFIX } from './publish.js';
import { removeEntry } from './remove-entry.js';
import { sweepSpare } from './spare.js';

const HASH = /^[0-9a-f]{64}$/;

/** The kind of file under a name in the folder of a shard. */
export type NameKind = 'entry' | 'temporary' | 'spare' | 'stray';

/** The names in the folder of a shard, in no order. A missing folder ends the era. */
export function namesIn(era: Era, shard: number): string[] {
  try {
    return syscalls.readdir(era.paths.shardFolder(shard));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') era.condemn();
    throw error;
  }
}

/** `stray`: not made by a cache. */
export function kindOfName(shard: number, name: string): NameKind {
  if (name.startsWith(TEMPORARY_PREFIX)) return 'temporary';
  if (name === SPARE_NAME) return 'spare';
  return HASH.test(name) && Number.parseInt(name.slice(0, 2), 16) === shard ? 'entry' : 'stray';
}

/**
 * Steps 2 to 4 of a delete, for a removal that no user asked for. Inside the shard's exclusive section. Returns the
 * bytes that were freed.
 */
export function removeNamed(era: Era, shard: number, hash: string): number | undefined {
  return removeEntry(era, { shard, hash, slot: slotOfName(hash), leaseMark: 0 });
}

/**
 * Whether a temporary file was left behind: its lock is free. Inside the shard's exclusive section. Each writer locks
 * its temporary as long as it is open.
 */
export function isOrphaned(path: string): boolean {
  return whereOrphaned(path, () => true) === true;
}

/**
 * Removes a temporary file if it is orphaned. Inside the shard's exclusive section. Returns the bytes that were freed.
 * A living writer removes its temporary outside any section, perhaps at this moment. So a missing file says nothing
 * about the era.
 */
export function removeOrphan(era: Era, path: string): number | undefined {
  return whereOrphaned(path, (stats) => {
    try {
      if (stats.isFile()) syscalls.unlink(path);
      else moveAway(era, path);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    return stats.isFile() ? stats.size : 0;
  });
}

/**
 * Removes a file if it is an orphaned temporary, or a recycled file that will not be used again. Inside the shard's
 * exclusive section.
 */
export function removeLeftover(era: Era, shard: number, name: string): void {
  if (kindOfName(shard, name) === 'temporary') removeOrphan(era, era.paths.entry(shard, name));
  else sweepSpare(era, shard);
}

/**
 * Runs `work` if the lock of the file is free, and holds it meanwhile. A writer that has just made the file, and is
 * about to lock it, finds the lock taken or the file gone.
 */
function whereOrphaned<T>(path: string, work: (stats: Stats) => T): T | undefined {
  const stats = syscalls.lstat(path);
  if (stats === undefined) return undefined;
  if (!stats.isFile()) return work(stats);
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    return syscalls.tryFlock(fd, 'exclusive') ? work(stats) : undefined;
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
