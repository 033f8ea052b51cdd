import { HoldfastError, quietly } from '../errors.js';
import { type OpenLockFile, openLockFile, tryLockFileAt } from '../lock/index.js';
import { sleepSync } from '../os/sleep.js';
import { syscalls } from '../os/syscalls.js';
import { monotonicNow } from '../os/timers.js';

const FIRST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 5;

/**
 * Runs `work` under the exclusive lock of a lock file of our own, on this thread and without yielding. The path is looked at after
 * locking: such files may be removed by their holder.
 */
export function whileLockedSync<T>(path: string, timeoutMs: number, work: () => T): T {
  const deadline = monotonicNow() + timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    const file = openLockFile(path, undefined);
    try {
      if (tryLockFileAt(file, path, 'exclusive') === 'held') return work();
    } finally {
      release(file);
    }
    if (monotonicNow() > deadline) {
      throw new HoldfastError('ERR_LOCK_TIMEOUT', `No exclusive lock on ${path} within ${timeoutMs} ms.`, {
        path,
        syscall: 'flock',
      });
    }
    sleepSync(pause);
  }
}

function release(file: OpenLockFile): void {
  quietly(() => syscalls.unflock(file.fd));
  quietly(() => syscalls.close(file.fd));
}
