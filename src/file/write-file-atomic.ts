import { HoldfastError } from '../errors.js';
import { lockSidecar } from '../lock/index.js';
import { assertRoomFor } from '../os/lock-names.js';
import { absolutePath, parentFolder } from '../os/paths.js';
import { isRestricted } from '../os/permissions.js';
import type { Strategy } from './strategy.js';
import { syncFolder } from './sync-folder.js';

/** As much as Linux moves with one write(2). */
const LONGEST_WRITE = 0x7ffff000;
/** What the package puts behind the name of the file while it writes: a dot and a number of 32 bits. */
const LONGEST_SUFFIX = '.4294967295';

/**
 * The package write-file-atomic under an exclusive lock; readers take none. Here because people know it, and to be
 * compared.
 *
 * Against, beside what holds for `rename`: a short write (a disk that fills up) is published as if it were whole; what
 * one write(2) cannot write, 2 GiB less a page, is `ERR_VALUE_TOO_LARGE`; names of more than 244 bytes have no room for
 * its temporary, whose name is not random; it does more system calls. It is loaded when first used, since it registers an
 * exit handler.
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
    // Once more where a symbolic link led to it.
    assertRoomFor(LONGEST_SUFFIX, lock.path);
    const { default: write } = await import('write-file-atomic');
    await write(lock.path, data, { fsync: flush, ...(mode === undefined ? {} : { mode }) });
    // The package brings the bytes to the disk, but not the name.
    if (flush) await syncFolder(parentFolder(lock.path));
  },
};

/** Node refuses fsync(2) under its permission model, and the package calls it through node:fs, at a moment that cannot be another. */
function assertMayFlush(path: string): void {
  if (!isRestricted()) return;
  const message = 'Node was started with --permission, where write-file-atomic cannot flush: the strategy rename can.';
  throw new HoldfastError('ERR_ACCESS_DENIED', message, { path });
}

/** The package takes a short write for a whole one, so nothing may be longer than a write that is whole. */
function assertOneWrite({ length }: Buffer, path: string): void {
  if (length <= LONGEST_WRITE) return;
  const message = `write-file-atomic writes at most ${LONGEST_WRITE} bytes, not ${length}: the strategy rename does.`;
  throw new HoldfastError('ERR_VALUE_TOO_LARGE', message, { path });
}
