import { randomBytes } from 'node:crypto';
import { errorCode, quietly } from '../../errors.js';
import { type Stats, syscalls } from '../../os/syscalls.js';
import { type Era, removeTree } from '../era/index.js';

/** Names that begin like this are no entries: temporaries under way, or left by a process that was killed. */
export const TEMPORARY_PREFIX = '.';

/** Random once for each thread; a count makes each name new. */
const uniquePart = randomBytes(12).toString('hex');
let count = 0;

/** A new name in the folder of a shard. */
export function temporaryPath(era: Era, shard: number): string {
  count += 1;
  return `${era.paths.shardFolder(shard)}/${TEMPORARY_PREFIX}${uniquePart}-${count.toString(36)}`;
}

/**
 * Puts a file that has been written under the name of an entry, in one step. Inside the shard's exclusive section. `old` is what stands
 * there. Where it fails the written file is still there.
 *
 * Where there is an old file the two names are exchanged, so that afterwards the old file has the name of the written one (`exchanged`): on
 * ext4 a rename *over* a file waits until the new one is on the disk, an exchange does not, and is as atomic. Where there is no
 * exchange, and where nothing stood there, nothing is left under the old name (`renamed`). What stands there and is no file
 * (somebody else put it there) is moved out of the way.
 */
export function publish(
  era: Era,
  writtenPath: string,
  entryPath: string,
  old: Stats | undefined,
): 'exchanged' | 'renamed' {
  if (old?.isFile() && syscalls.exchange(writtenPath, entryPath) === 'exchanged') return 'exchanged';
  if (old !== undefined && !old.isFile()) moveAway(era, entryPath);
  syscalls.rename(writtenPath, entryPath);
  return 'renamed';
}

/** Removes a file for which there is no use any more, when what matters is done. What withstands a second try, `prune` finds. */
export function discard(path: string): void {
  try {
    syscalls.unlink(path);
  } catch {
    quietly(() => syscalls.unlink(path));
  }
}

/** Moves something that should not be there to the era's trash, whatever it is. A folder that cannot be renamed is deleted on the spot. */
export function moveAway(era: Era, path: string): void {
  try {
    syscalls.rename(path, `${era.paths.trash}/${randomBytes(8).toString('hex')}`);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    removeTree(path);
  }
}
