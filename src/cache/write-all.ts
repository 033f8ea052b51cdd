import { syscalls } from '../os/syscalls.js';

/** So much is written with one call through the thread pool: others wait for a thread of it, too. */
const LONGEST_WRITE = 8 * 1024 * 1024;

/** Writes from the beginning of a file on; write(2) may stop short without saying so. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) {
    done += progress(syscalls.write(fd, bytes, done, bytes.length - done, done));
  }
}

/** Writes at a place of a file, through the thread pool. */
export async function writeAllAsync(fd: number, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(LONGEST_WRITE, bytes.length - done);
    done += progress(await syscalls.writeAsync(fd, bytes, done, length, position + done));
  }
}

/** A write that wrote nothing and gave no error would be tried for ever. */
function progress(written: number): number {
  if (written > 0) return written;
  throw Object.assign(new Error('EIO: write wrote nothing'), { code: 'EIO', syscall: 'write' });
}
