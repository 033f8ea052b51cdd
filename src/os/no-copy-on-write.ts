import { libc } from './libc.js';

/*
 * ioctl_iflags(2). The numbers hold for every architecture that Node is built for but PowerPC; a `long` is part of them, though the
 * kernel reads and writes an `int`.
 */
const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_NOCOW_FL = 0x0080_0000;
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

/**
 * Has a file, which must be empty still, overwritten where it is, on a file system that otherwise takes a new block for each write (btrfs;
 * `chattr +C`). Throws an error of the operating system where that cannot be, ENOTSUP where it is not known how.
 */
export function setNoCopyOnWrite(fd: number): void {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
    const message = `ENOTSUP: no flag against copy-on-write is known on ${process.platform} ${process.arch}, ioctl`;
    throw Object.assign(new Error(message), { code: 'ENOTSUP', syscall: 'ioctl' });
  }
  const c = libc();
  const flags = Buffer.alloc(8);
  if (c.ioctl(fd, FS_IOC_GETFLAGS, flags) !== 0) throw c.lastError('ioctl');
  flags.writeInt32LE(flags.readInt32LE(0) | FS_NOCOW_FL, 0);
  if (c.ioctl(fd, FS_IOC_SETFLAGS, flags) !== 0) throw c.lastError('ioctl');
}

/** Whether a file is overwritten where it is, as far as its flags tell. */
export function isNoCopyOnWrite(fd: number): boolean {
  const c = libc();
  const flags = Buffer.alloc(8);
  if (c.ioctl(fd, FS_IOC_GETFLAGS, flags) !== 0) throw c.lastError('ioctl');
  return (flags.readInt32LE(0) & FS_NOCOW_FL) !== 0;
}
