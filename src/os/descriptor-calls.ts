import * as fs from 'node:fs';
import { libc } from './libc.js';
import { isRestricted } from './permissions.js';

/*
 * Calls on an open descriptor that Node refuses under its permission model, whatever paths were allowed: it cannot tell which file the
 * descriptor is. Ours are of files that it let us open. Without them `shared` could not be brought to the disk before it is mapped, and a
 * sidecar would not get its mode, nor the turnstile its stamp. There the C library does them; `--allow-addons` is needed in any case.
 */

export function fsync(fd: number): void {
  if (isRestricted()) orThrow('fsync', libc().descriptorCalls().fsync(fd));
  else fs.fsyncSync(fd);
}

/** Through the thread pool. */
export function fsyncAsync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (isRestricted())
      libc()
        .descriptorCalls()
        .fsyncAsync(fd, (error) => (error ? reject(error) : resolve()));
    else fs.fsync(fd, (error) => (error ? reject(error) : resolve()));
  });
}

export function fchmod(fd: number, mode: number): void {
  if (isRestricted()) orThrow('fchmod', libc().descriptorCalls().fchmod(fd, mode));
  else fs.fchmodSync(fd, mode);
}

export function fchown(fd: number, uid: number, gid: number): void {
  if (isRestricted()) orThrow('fchown', libc().descriptorCalls().fchown(fd, uid, gid));
  else fs.fchownSync(fd, uid, gid);
}

/** Times in seconds, with fractions. */
export function futimes(fd: number, atime: number, mtime: number): void {
  if (isRestricted()) orThrow('futimens', libc().descriptorCalls().futimens(fd, atime, mtime));
  else fs.futimesSync(fd, atime, mtime);
}

function orThrow(syscall: string, result: number): void {
  if (result !== 0) throw libc().lastError(syscall);
}
