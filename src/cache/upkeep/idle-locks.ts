import { errorCode, quietly } from '../../errors.js';
import { type OpenLockFile, tryLockFileAt } from '../../lock/index.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../../os/syscalls.js';
import { type Era, readFolder } from '../era/index.js';

/** Locks of flights that nobody holds at this moment, each with a mark that tells it from a later one at the same path. */
export function idleLocks(era: Era): Map<string, number> {
  const idle = new Map<string, number>();
  for (const name of readFolder(era.paths.flights)) {
    const path = `${era.paths.flights}/${name}`;
    whileIdle(path, ({ ino }) => idle.set(path, ino));
  }
  return idle;
}

/** Whoever locks a flight looks at its path afterwards, so its holder, and nobody else, may unlink it. */
export function removeIdleLock(path: string): boolean {
  return whileIdle(path, () => syscalls.unlink(path));
}

/** Runs `work` while this process holds the lock, if nobody else does. */
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
