import { errorCode, quietly } from '../../errors.js';
import { type OpenLockFile, tryLockFileAt } from '../../lock/index.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../../os/syscalls.js';
import { type Era, readFolder } from '../era/index.js';

/**
 * The lock files of flights that have no holder at this moment, each with its inode number, which tells it from a later
 * file at the same path.
 */
export function idleLocks(era: Era): Map<string, number> {
  const idle = new Map<string, number>();
  for (const name of readFolder(era.paths.flights)) {
    const path = `${era.paths.flights}/${name}`;
    whileIdle(path, ({ ino }) => idle.set(path, ino));
  }
  return idle;
}

/**
 * Removes the lock file of a flight if it has no holder. Only its holder may unlink it: a process that gets the lock of
 * a file that is no longer at its path starts again.
 */
export function removeIdleLock(path: string): boolean {
  return whileIdle(path, () => syscalls.unlink(path));
}

/** Runs `work` while this process holds the lock, if it is free. */
function whileIdle(path: string, work: (file: OpenLockFile) => void): boolean {
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
    work(file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
