import * as fs from 'node:fs';
import { libc } from './libc.js';
import { isRestricted } from './permissions.js';

/*
 * Calls on an open descriptor. Under its permission model Node refuses them, whatever paths were allowed, since it does
 * not know which file a descriptor stands for. Then the C library makes them, for files that Node allowed this package
 * to open; `--allow-addons` is needed in any case. Without them the cache's file `shared` could not be flushed before
 * it is mapped, a sidecar would not get its mode, and the turnstile not its stamp.
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
