import { syscalls } from '../os/syscalls.js';

/** Writes from the beginning of a file on; write(2) may stop short without saying so. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) {
    const written = syscalls.write(fd, bytes, done, bytes.length - done, done);
    if (written === 0) throw Object.assign(new Error('EIO: write wrote nothing'), { code: 'EIO', syscall: 'write' });
    done += written;
  }
}
