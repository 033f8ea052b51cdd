import type { load } from 'koffi';

/**
 * Calls of the C library on an open descriptor. They return 0, or another number for a failure, which `lastError` then
 * tells.
 */
export interface DescriptorCalls {
  fsync(fd: number): number;
  /**
   * In the thread pool, after which `errno` cannot be read: every failure is told as EIO, which it nearly always is.
   */
  fsyncAsync(fd: number, done: (error?: Error) => void): void;
  fchmod(fd: number, mode: number): number;
  fchown(fd: number, uid: number, gid: number): number;
  /** Times in seconds, with fractions. */
  futimens(fd: number, atime: number, mtime: number): number;
}

/** Declares these calls. That takes longer than to make them, so it is done only where they are needed. */
export function declareDescriptorCalls(library: ReturnType<typeof load>): DescriptorCalls {
  const fsync = library.func('fsync', 'int', ['int']);
  const futimens = library.func('futimens', 'int', ['int', 'void *']);
  return {
    fsync,
    fsyncAsync(fd, done) {
      fsync.async(fd, (failure: unknown, result: number) => {
        if (failure || result !== 0) {
          done(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync', cause: failure }));
        } else done();
      });
    },
    fchmod: library.func('fchmod', 'int', ['int', 'uint']),
    fchown: library.func('fchown', 'int', ['int', 'uint', 'uint']),
    futimens: (fd, ...times) => futimens(fd, timespecs(times)),
  };
}

/** An array of `struct timespec` with words of 64 bits. */
function timespecs(times: readonly number[]): Buffer {
  const bytes = Buffer.alloc(16 * times.length);
  for (const [index, time] of times.entries()) {
    const seconds = Math.floor(time);
    bytes.writeBigInt64LE(BigInt(seconds), 16 * index);
    bytes.writeBigInt64LE(BigInt(Math.floor((time - seconds) * 1e9)), 16 * index + 8);
  }
  return bytes;
}
