import { lockSidecar } from '../lock/index.js';
import { editInPlace, rewriteInPlace } from './rewrite-in-place.js';
import type { Strategy } from './strategy.js';

/**
 * Readers take a shared lock, writers an exclusive one, and the file is rewritten in place.
 *
 * For: any program that flocks the same sidecar takes part, in any language; the inode stays, so hard links, bind
 * mounts and watchers go on working; no temporary file. Against: *every* reader must take the lock (one that does not
 * may read a torn file); readers wait for writers; a writer that is killed leaves a half-written file.
 */
export const flock: Strategy = {
  name: 'flock',
  readersLock: true,
  lock: lockSidecar,
  put: (lock, data, options) => rewriteInPlace(lock.path, data, options),
  edit: (lock) => editInPlace(lock.path),
};
