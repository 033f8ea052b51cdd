import { HoldfastError } from '../errors.js';
import { lockSidecar } from '../lock/index.js';
import { assertRoomFor } from '../os/lock-names.js';
import { absolutePath, parentFolder } from '../os/paths.js';
import { isRestricted } from '../os/permissions.js';
import type { Strategy } from './strategy.js';
import { syncFolder } from './sync-folder.js';

/** Linux moves at most this much with one write(2). */
const LONGEST_WRITE = 0x7ffff000;
/** The package's temporary has the name of the file, with a dot and a number of 32 bits behind it. */
const LONGEST_SUFFIX = '.4294967295';

/**
 * The package write-file-atomic under an exclusive lock; readers take none. It is here because people know it, and to
 * be compared.
 *
 * Against, beside what holds for `rename`: the package publishes a short write (a disk that fills up) as if it were
 * whole; data that one write(2) cannot write (more than 2 GiB less a page) is `ERR_VALUE_TOO_LARGE`; a name of more
 * than 244 bytes leaves no room for that of its temporary, which is not random; it makes more system calls. The package
 * is loaded when first used, since it registers an exit handler.
 */
export const writeFileAtomic: Strategy = {
  name: 'write-file-atomic',
  readersLock: false,
  async lock(path, mode, wait) {
    if (mode === 'exclusive') assertRoomFor(LONGEST_SUFFIX, absolutePath(path));
    return lockSidecar(path, mode, wait);
  },
  async put(lock, data, { mode, flush }) {
    assertOneWrite(data, lock.path);
    if (flush) assertMayFlush(lock.path);
    // Again, since a symbolic link may have led to a longer name.
    assertRoomFor(LONGEST_SUFFIX, lock.path);
    const { default: write } = await import('write-file-atomic');
    await write(lock.path, data, { fsync: flush, ...(mode === undefined ? {} : { mode }) });
    // The package flushes the bytes, but not the name.
    if (flush) await syncFolder(parentFolder(lock.path));
  },
};

/** Under its permission model Node refuses fsync(2), which the package calls through node:fs before it renames. */
function assertMayFlush(path: string): void {
  if (!isRestricted()) return;
  const message = 'Node was started with --permission, where write-file-atomic cannot flush: the strategy rename can.';
  throw new HoldfastError('ERR_ACCESS_DENIED', message, { path });
}

/** The package takes a short write for a whole one, so the data must fit into one write(2). */
function assertOneWrite({ length }: Buffer, path: string): void {
  if (length <= LONGEST_WRITE) return;
  const message = `write-file-atomic writes at most ${LONGEST_WRITE} bytes, not ${length}: the strategy rename does.`;
  throw new HoldfastError('ERR_VALUE_TOO_LARGE', message, { path });
}
