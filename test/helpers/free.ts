import { tryLockFile } from '../../src/index.js';

/** Whether nobody holds the lock of a file, nor stands in line for it. */
export function isFree(path: string): boolean {
  const lock = tryLockFile(path, 'exclusive');
  // Given up before this returns; the promise has nothing more to say.
  void lock?.release();
  return lock !== undefined;
}

/** Whether a reader of this process, which holds the shared lock, would be joined: not where a writer stands in line. */
export function admitsReaders(path: string): boolean {
  const lock = tryLockFile(path, 'shared');
  void lock?.release();
  return lock !== undefined;
}
