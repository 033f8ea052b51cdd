import { libc } from './libc.js';

/*
 * ioctl_iflags(2). The numbers hold for every architecture that Node is built for, except PowerPC. They encode the size
 * of a `long`, though the kernel reads and writes an `int`.
 */
const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_NOCOW_FL = 0x0080_0000;
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

/**
 * Turns copy-on-write off for a file, which must be empty: from then on a write changes the file's blocks in place
 * (btrfs; `chattr +C`). Throws the error of the operating system where the file system cannot do that, and ENOTSUP
 * where the flag is not known.
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

/** Whether the flags of a file say that copy-on-write is off. */
export function isNoCopyOnWrite(fd: number): boolean {
  const c = libc();
  const flags = Buffer.alloc(8);
  if (c.ioctl(fd, FS_IOC_GETFLAGS, flags) !== 0) throw c.lastError('ioctl');
  return (flags.readInt32LE(0) & FS_NOCOW_FL) !== 0;
}
