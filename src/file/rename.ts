import { lockSidecar } from '../lock/index.js';
import { replaceAtomically } from './replace-atomically.js';
import type { Strategy } from './strategy.js';

/**
 * Writers make a new file and rename it to the old name. Readers take no lock, and keep the version that they opened;
 * the lock only orders writers.
 *
 * For: safe beside every reader, also one that knows of no lock, also one that maps; a writer that is killed leaves the
 * old version whole. Against: the inode changes, so other hard links keep the old version, and a bind-mounted single
 * file cannot be replaced (EBUSY); needs write permission on the folder; costs a file for each write.
 */
export const rename: Strategy = {
  name: 'rename',
  readersLock: false,
  lock: lockSidecar,
  put: (lock, data, options) => replaceAtomically(lock.path, data, options),
};
