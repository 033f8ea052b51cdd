import { getSystemErrorName } from 'node:util';
import { ownRequire } from '#own-require';
import { type DescriptorCalls, declareDescriptorCalls } from './libc-descriptors.js';

/** An error of the operating system, shaped as those of node:fs are. */
export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
  path?: string;
}

/**
 * The C library, reached through koffi. A negative result means failure; `lastError` must be asked at once.
 * Pointers are plain numbers: user space ends at 2^47 on the machines Node supports, so they are exact.
 */
export interface Libc {
  flock(fd: number, operation: number): number;
  /** mmap(2). Returns the address, or -1. */
  mmap(address: number, length: number, protection: number, flags: number, fd: number, offset: number): number;
  munmap(address: number, length: number): number;
  /** ioctl(2) of a request that reads or writes what `argument` holds. */
  ioctl(fd: number, request: number, argument: Buffer): number;
  /** renameat2(2) with both paths taken from the working directory. */
  renameat2(from: string, to: string, flags: number): number;
  /** Calls on descriptors, for where node:fs refuses them. */
  descriptorCalls(): DescriptorCalls;
  /** The error of the call before this one, as node:fs would have thrown it. */
  lastError(syscall: string, path?: string): SystemError;
  /** Where the bytes lie, of which there must be one at least. */
  addressOf(bytes: Buffer): number;
  /** An ArrayBuffer over memory that this process has mapped. It cannot be detached or transferred. */
  view(address: number, length: number): ArrayBuffer;
}

const AT_FDCWD = -100;
/** renameat2(2) on kernels whose C library has no wrapper (musl before 1.2.6): asked for by number. */
const SYS_RENAMEAT2: Record<string, number> = { x64: 316, arm64: 276, ia32: 353, arm: 382, riscv64: 276 };

let loaded: Libc | undefined;
let failure: unknown;

/** The C library, or an error that says why it cannot be reached (koffi missing, or no build of it for this platform). */
export function libc(): Libc {
  if (loaded !== undefined) return loaded;
  if (failure !== undefined) throw failure;
  try {
    loaded = load();
    return loaded;
  } catch (error) {
    failure = error;
    throw error;
  }
}

/** The error that {@link libc} would throw, or `undefined` where it works. */
export function libcFailure(): unknown {
  try {
    libc();
    return undefined;
  } catch (error) {
    return error;
  }
}

function load(): Libc {
  const koffi: typeof import('koffi') = ownRequire('koffi');
  const library = koffi.load(null);
  const mmap = library.func('mmap', 'intptr_t', ['intptr_t', 'size_t', 'int', 'int', 'int', 'int64_t']);
  let descriptorCalls: DescriptorCalls | undefined;
  const memchr = library.func('memchr', 'intptr_t', ['void *', 'int', 'size_t']);
  return {
    flock: library.func('flock', 'int', ['int', 'int']),
    mmap: (...args) => Number(mmap(...args)),
    munmap: library.func('munmap', 'int', ['intptr_t', 'size_t']),
    ioctl: library.func('ioctl', 'int', ['int', 'ulong', 'void *']),
    renameat2: loadRenameat2(library),
    descriptorCalls: () => {
      descriptorCalls ??= declareDescriptorCalls(library);
      return descriptorCalls;
    },
    lastError: (syscall, path) => systemError(koffi.errno(), syscall, path),
    // The first byte that is like the first one is the first one.
    addressOf: (bytes) => Number(memchr(bytes, bytes.readUInt8(0), 1)),
    view: (address, length) => koffi.view(BigInt(address), length),
  };
}

function systemError(errno: number, syscall: string, path: string | undefined): SystemError {
  const code = getSystemErrorName(-errno);
  const error = new Error(`${code}: ${syscall}${path === undefined ? '' : ` '${path}'`}`);
  return Object.assign(error, { code, errno: -errno, syscall }, path === undefined ? {} : { path });
}

function loadRenameat2(library: ReturnType<typeof import('koffi').load>): Libc['renameat2'] {
  const parameters = ['int', 'str', 'int', 'str', 'uint'];
  try {
    const wrapper = library.func('renameat2', 'int', parameters);
    return (from, to, flags) => wrapper(AT_FDCWD, from, AT_FDCWD, to, flags);
  } catch {
    const number = SYS_RENAMEAT2[process.arch];
    if (process.platform !== 'linux' || number === undefined) return () => -1;
    const syscall = library.func('syscall', 'long', ['long', ...parameters]);
    return (from, to, flags) => Number(syscall(number, AT_FDCWD, from, AT_FDCWD, to, flags));
  }
}
