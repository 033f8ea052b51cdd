import { errorCode, quietly } from '../../errors.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, type Stats, syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import { SPARE_NAME, slotOfName } from '../format/index.js';
import { moveAway, TEMPORARY_PREFIX } from './publish.js';
import { removeEntry } from './remove-entry.js';
import { sweepSpare } from './spare.js';

const HASH = /^[0-9a-f]{64}$/;

/** What a name in the folder of a shard stands for. */
export type NameKind = 'entry' | 'temporary' | 'spare' | 'stray';

/** Names in the folder of a shard, in no order. A folder that is missing ends the era. */
export function namesIn(era: Era, shard: number): string[] {
  try {
    return syscalls.readdir(era.paths.shardFolder(shard));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') era.condemn();
    throw error;
  }
}

/** `stray`: nothing that a cache makes there. */
export function kindOfName(shard: number, name: string): NameKind {
  if (name.startsWith(TEMPORARY_PREFIX)) return 'temporary';
  if (name === SPARE_NAME) return 'spare';
  return HASH.test(name) && Number.parseInt(name.slice(0, 2), 16) === shard ? 'entry' : 'stray';
}

/** Steps 2 to 4 of a delete, for an entry that nobody asked to be removed. Inside the shard's exclusive section. Gives the bytes that were freed. */
export function removeNamed(era: Era, shard: number, hash: string): number | undefined {
  return removeEntry(era, { shard, hash, slot: slotOfName(hash), leaseMark: 0 });
}

/**
 * Whether nobody works on a temporary file: its lock can be had. Inside the shard's exclusive section, in which small ones are
 * made and gone again; large ones are made before it, under a lock of their own.
 */
export function isOrphaned(path: string): boolean {
  return whereOrphaned(path, () => true) === true;
}

/**
 * Removes an orphaned temporary if it is one. Inside the shard's exclusive section. Gives the bytes that were freed. Who made it removes it
 * outside any section, also at this moment: that it is gone then says nothing about the era.
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

/** Removes an orphaned temporary, or a spare file that nobody will use again, if this is one. Inside the shard's exclusive section. */
export function removeLeftover(era: Era, shard: number, name: string): void {
  if (kindOfName(shard, name) === 'temporary') removeOrphan(era, era.paths.entry(shard, name));
  else sweepSpare(era, shard);
}

/** The lock is held while `work` runs: whoever has made the file and is about to lock it finds it taken, or gone. */
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
