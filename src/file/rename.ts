import { lockSidecar } from '../lock/index.js';
import { replaceAtomically } from './replace-atomically.js';
import type { Strategy } from './strategy.js';

/**
 * A new file, put under the old name in one step. Readers take no lock and keep the version they opened for as long as they
 * like; the lock only orders writers.
 *
 * For: safe beside every reader, also those that know nothing of locks, also those that map; killing a writer leaves the old
 * version whole. Against: the inode changes, so hard links part and a bind-mounted single file cannot be replaced (EBUSY); needs
 * write permission on the folder; costs a file per write.
 */
export const rename: Strategy = {
  name: 'rename',
  readersLock: false,
  lock: lockSidecar,
  put: (lock, data, options) => replaceAtomically(lock.path, data, options),
};
