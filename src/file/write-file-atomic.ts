import { lockSidecar } from '../lock/index.js';
import { parentFolder } from '../os/paths.js';
import type { Strategy } from './strategy.js';
import { syncFolder } from './sync-folder.js';

/**
 * The package write-file-atomic under an exclusive lock; readers take none. Here because people know it, and to be compared.
 *
 * Against, beside what holds for `rename`: a short write (a disk that fills up) is published as if it were whole; the temporary
 * name is not random; it does more system calls. It is loaded when first used, since it registers an exit handler.
 */
export const writeFileAtomic: Strategy = {
  name: 'write-file-atomic',
  readersLock: false,
  lock: lockSidecar,
  async put(lock, data, { mode, flush }) {
    const { default: write } = await import('write-file-atomic');
    await write(lock.path, data, { fsync: flush, ...(mode === undefined ? {} : { mode }) });
    // The package brings the bytes to the disk, but not the name.
    if (flush) await syncFolder(parentFolder(lock.path));
  },
};
