import { randomBytes } from 'node:crypto';
import { errorCode, quietly } from '../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, type Stats, syscalls } from '../os/syscalls.js';
import type { Era } from './era.js';
import { writeAll } from './write-all.js';

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
 * Writes bytes to a new temporary file, every one of them. Where it fails nothing is left. A folder that is missing ends the era:
 * no part of one is ever made again.
 */
export function writeTemporary(era: Era, path: string, bytes: Buffer, mode: number): void {
  let fd: number;
  try {
    fd = syscalls.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') era.condemn();
    throw error;
  }
  try {
    try {
      writeAll(fd, bytes);
    } catch (error) {
      quietly(() => syscalls.close(fd));
      throw error;
    }
    syscalls.close(fd);
  } catch (error) {
    quietly(() => syscalls.unlink(path));
    throw error;
  }
}

/**
 * Puts a temporary file under the name of an entry, in one step. Inside the shard's exclusive section. `old` is what stands there.
 *
 * Where there is an old file the two names are exchanged and the old file is unlinked: on ext4 a rename *over* a file waits until the
 * new one is on the disk (some 90 us), an exchange does not (20 us), and is as atomic. What stands there and is no file (somebody else put
 * it there) is moved out of the way.
 */
export function publish(era: Era, temporary: string, entryPath: string, old: Stats | undefined): void {
  try {
    if (old === undefined) {
      syscalls.rename(temporary, entryPath);
      return;
    }
    if (!old.isFile()) {
      moveAway(era, entryPath);
      syscalls.rename(temporary, entryPath);
      return;
    }
    if (syscalls.exchange(temporary, entryPath) === 'unsupported') {
      syscalls.rename(temporary, entryPath);
      return;
    }
  } catch (error) {
    quietly(() => syscalls.unlink(temporary));
    throw error;
  }
  // The new version stands, whatever becomes of the old one.
  discard(temporary);
}

/** Removes a temporary file for which there is no use any more. What withstands a second try, `prune` finds. */
function discard(temporary: string): void {
  try {
    syscalls.unlink(temporary);
  } catch {
    quietly(() => syscalls.unlink(temporary));
  }
}

/** Moves something that should not be there to the era's trash, whatever it is. */
export function moveAway(era: Era, path: string): void {
  syscalls.rename(path, `${era.paths.trash}/${randomBytes(8).toString('hex')}`);
}
