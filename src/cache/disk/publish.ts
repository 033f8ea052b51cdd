import { randomBytes } from 'node:crypto';
import { errorCode, quietly } from '../../errors.js';
import { type Stats, syscalls } from '../../os/syscalls.js';
import { type Era, removeTree } from '../era/index.js';

/** The names of temporaries begin with this: of those being written, and of those that a killed process left. */
export const TEMPORARY_PREFIX = '.';

/** Random for each thread. The count makes each name unique. */
const uniquePart = randomBytes(12).toString('hex');
let count = 0;

/** A new path in the folder of a shard. */
export function temporaryPath(era: Era, shard: number): string {
  count += 1;
  return `${era.paths.shardFolder(shard)}/${TEMPORARY_PREFIX}${uniquePart}-${count.toString(36)}`;
}

/**
 * Gives a complete file the name of an entry, atomically. Inside the shard's exclusive section. `old`: of the file
 * under that name. If this fails, the written file remains.
 *
 * If there is an old file, the two names are exchanged, so that the old file then has the name of the written one
 * (`exchanged`). On ext4 a rename *over* a file waits until the new one is on the disk. An exchange does not wait, and
 * is as atomic. Without an old file, or where the file system has no exchange, the file is renamed, and the written
 * name is gone (`renamed`). Something that is not a regular file was not made by a cache, and is moved away.
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

/** Removes a file that is no longer needed. If the second try fails too, `prune` removes it later. */
export function discard(path: string): void {
  try {
    syscalls.unlink(path);
  } catch {
    quietly(() => syscalls.unlink(path));
  }
}

/**
 * Moves a file or folder that should not exist to the trash of the era. A folder that cannot be renamed is deleted at
 * once.
 */
export function moveAway(era: Era, path: string): void {
  try {
    syscalls.rename(path, `${era.paths.trash}/${randomBytes(8).toString('hex')}`);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    removeTree(path);
  }
}
