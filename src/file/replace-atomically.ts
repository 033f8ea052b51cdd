import { randomBytes } from 'node:crypto';
import { quietly } from '../errors.js';
import { parentFolder } from '../os/paths.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, type Stats, syscalls } from '../os/syscalls.js';
import type { PutOptions } from './strategy.js';
import { syncFolder } from './sync-folder.js';
import { writeRange } from './whole-file.js';

/**
 * Makes `data` the content of `path` in one step: a reader that opens the path gets the old version or the new one,
 * each whole, and a reader that has the old one open keeps it. Mode and owner are kept. On any failure the old version
 * stays, and no temporary file is left; only a killed process leaves its temporary.
 *
 * `path` must not be a symbolic link: it would be replaced, not followed. Where the owner of the old file cannot be
 * kept (it is another user's, and this process is not root's) it fails with EPERM, so that the file does not get
 * another owner.
 *
 * *Not* guaranteed without `flush`: that the new version outlives a power cut. With it the bytes are on the disk before
 * the name changes, and the name before this resolves.
 */
export async function replaceAtomically(path: string, data: Buffer, { mode, flush }: PutOptions): Promise<void> {
  const old = syscalls.lstat(path);
  const folder = parentFolder(path);
  const temporaryPath = `${folder}/.holdfast-${randomBytes(12).toString('hex')}.tmp`;
  const wanted = mode ?? (old === undefined ? undefined : old.mode & 0o7777);
  const fd = syscalls.open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, wanted ?? 0o666);
  try {
    try {
      keepOwnerAndMode(fd, old, wanted);
      await writeRange(fd, data, 0, data.length);
      if (flush) await syscalls.fsyncAsync(fd);
    } catch (error) {
      quietly(() => syscalls.close(fd));
      throw error;
    }
    syscalls.close(fd);
    syscalls.rename(temporaryPath, path);
  } catch (error) {
    quietly(() => syscalls.unlink(temporaryPath));
    throw error;
  }
  // No unlink from here on: the temporary name may be another process's new file.
  if (flush) await syncFolder(folder);
}

function keepOwnerAndMode(fd: number, old: Stats | undefined, mode: number | undefined): void {
  if (old !== undefined) {
    const own = syscalls.fstat(fd);
    if (own.uid !== old.uid || own.gid !== old.gid) syscalls.fchown(fd, old.uid, old.gid);
  }
  // After the owner, since chown(2) clears set-user-ID. And not by open(2) alone, which applies the umask.
  if (mode !== undefined) syscalls.fchmod(fd, mode);
}
