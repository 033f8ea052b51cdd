import { getSystemErrorName } from 'node:util';
import { ownRequire } from '#own-require';
import { type DescriptorCalls, declareDescriptorCalls } from './libc-descriptors.js';

/** An error of the operating system, with the properties that those of node:fs have. */
export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
  path?: string;
}

/**
 * The C library, called through koffi. A negative result means failure; `lastError` must be called right after it.
 * Pointers are plain numbers, which are exact: user space ends at 2^47 on the machines that Node supports.
 */
export interface Libc {
  flock(fd: number, operation: number): number;
  /** mmap(2). Returns the address, or -1. */
  mmap(address: number, length: number, protection: number, flags: number, fd: number, offset: number): number;
  munmap(address: number, length: number): number;
  /** ioctl(2) with a request that reads or writes `argument`. */
  ioctl(fd: number, request: number, argument: Buffer): number;
  /** renameat2(2); relative paths start at the working directory. */
  renameat2(from: string, to: string, flags: number): number;
  /** Calls on descriptors, for where node:fs refuses them. */
  descriptorCalls(): DescriptorCalls;
  /** The error of the last call, as node:fs would have thrown it. */
  lastError(syscall: string, path?: string): SystemError;
  /** The address of the bytes. There must be at least one. */
  addressOf(bytes: Buffer): number;
  /** An ArrayBuffer over memory that this process has mapped. It cannot be detached or transferred. */
  view(address: number, length: number): ArrayBuffer;
}

const AT_FDCWD = -100;
/** The number of renameat2(2), for C libraries that have no wrapper for it (musl before 1.2.6). */
const SYS_RENAMEAT2: Record<string, number> = { x64: 316, arm64: 276, ia32: 353, arm: 382, riscv64: 276 };

let loaded: Libc | undefined;
let failure: unknown;

/**
 * The C library. Throws an error that says why it cannot be called (koffi missing, or no build of it for this
 * platform).
 */
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
    // memchr(3) finds the first byte at the address of the bytes.
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
