import type { load } from 'koffi';

/** Calls of the C library on an open descriptor. The numbers are their results: not 0 means failure, and `lastError` knows which. */
export interface DescriptorCalls {
  fsync(fd: number): number;
  /** In the thread pool, where nobody can ask for `errno` afterwards: a failure is EIO, which it nearly always is. */
  fsyncAsync(fd: number, done: (error?: Error) => void): void;
  fchmod(fd: number, mode: number): number;
  fchown(fd: number, uid: number, gid: number): number;
  /** Times in seconds, with fractions. */
  futimens(fd: number, atime: number, mtime: number): number;
}

/** Declares them, which takes longer than to call them: only where they are needed. */
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

/** Two of `struct timespec` with words of 64 bits. */
function timespecs(times: readonly number[]): Buffer {
  const bytes = Buffer.alloc(16 * times.length);
  for (const [index, time] of times.entries()) {
    const seconds = Math.floor(time);
    bytes.writeBigInt64LE(BigInt(seconds), 16 * index);
    bytes.writeBigInt64LE(BigInt(Math.floor((time - seconds) * 1e9)), 16 * index + 8);
  }
  return bytes;
}
