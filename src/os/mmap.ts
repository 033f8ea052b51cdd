import { channel } from 'node:diagnostics_channel';
import { isMainThread } from 'node:worker_threads';
import { HoldfastError } from '../errors.js';
import { type Libc, libc, libcFailure } from './libc.js';
import { hintOf } from './permissions.js';
import { firstLineOf } from './realms.js';
import { reserve } from './reservation.js';
import { assertHoldable } from './transfer.js';

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = process.platform === 'darwin' ? 0x1000 : 0x20;
/** Without it the kernel reserves swap for a private writable mapping, a gigabyte for a gigabyte (mmap(2)). */
const MAP_NORESERVE = process.platform === 'darwin' ? 0x40 : 0x4000;

/** A channel of node:diagnostics_channel: `{ fd, length }` before each private mapping of a file. */
export const MAP_CHANNEL = 'holdfast:map';
const aboutToMap = channel(MAP_CHANNEL);

/** A range of this process's memory that shows a file. */
export interface Mapping {
  readonly bytes: Buffer;
  /**
   * Ends the mapping. Idempotent. The address range stays, and reads as zeros, until nothing refers to `bytes` any
   * more: V8 cannot take a view away from code that still has it, and to touch an unmapped view is a segmentation
   * fault.
   */
  close(): void;
}

/** Unmaps the address range of a mapping once its last view has been garbage-collected. */
const ranges = new FinalizationRegistry<{ address: number; length: number }>(({ address, length }) => {
  libc().munmap(address, length);
});

/**
 * From this length on V8 reserves the address range, see {@link reserve}. A shorter view makes it collect no garbage.
 */
const RESERVED_FROM = 16 * 1024 * 1024;

/**
 * Maps a file privately, copy-on-write (mmap(2), `MAP_PRIVATE`): what the process writes to the bytes stays in the
 * process. A page that was not written to shows the file as it is *now*. To touch a page beyond the end of a file that
 * was truncated meanwhile is SIGBUS: the caller must see to it that no program truncates. From 16 MiB on, and in a
 * worker thread, `bytes` is a view of a SharedArrayBuffer (see {@link reserve}). Throws `ERR_VALUE_TOO_LARGE` where no
 * Buffer can be that long.
 */
export function mapPrivate(fd: number, length: number): Mapping {
  // Before the call of koffi, which would end the process at such a length.
  assertHoldable(length);
  if (aboutToMap.hasSubscribers) aboutToMap.publish({ fd, length });
  return map(fd, length, MAP_PRIVATE | MAP_NORESERVE, !isMainThread || length >= RESERVED_FROM);
}

/**
 * Maps a file that many processes write to (`MAP_SHARED`). It must have no holes: to touch one on a full disk is
 * SIGBUS.
 */
export function mapShared(fd: number, length: number): Mapping {
  return map(fd, length, MAP_SHARED, !isMainThread);
}

/** Throws `ERR_MAP_UNSUPPORTED` with the reason where files cannot be mapped here. */
export function assertMapSupported(): void {
  const failure = process.platform === 'win32' ? new Error('Windows has no mmap(2)') : libcFailure();
  if (failure === undefined) return;
  throw new HoldfastError(
    'ERR_MAP_UNSUPPORTED',
    `Files cannot be mapped: koffi did not load (${firstLineOf(failure)}).${hintOf(failure)}`,
    {
      syscall: 'mmap',
      cause: failure,
    },
  );
}

/** `reserved`: V8 frees the range itself, also at the end of a thread, when finalizers are not run. */
function map(fd: number, length: number, flags: number, reserved: boolean): Mapping {
  assertMapSupported();
  if (length === 0) return { bytes: Buffer.alloc(0), close() {} };
  const c = libc();
  const range = reserved ? reserve(length) : undefined;
  const [wanted, placing] = range === undefined ? [0, 0] : [range.address, MAP_FIXED];
  const address = c.mmap(wanted, length, PROT_READ | PROT_WRITE, flags | placing, fd, 0);
  if (address === -1) throw c.lastError('mmap');
  const close = closing(c, address, length);
  if (range !== undefined) return { bytes: range.bytes, close };
  const view = c.view(address, length);
  ranges.register(view, { address, length });
  return { bytes: Buffer.from(view), close };
}

function closing(c: Libc, address: number, length: number): () => void {
  let open = true;
  return () => {
    if (!open) return;
    open = false;
    replaceByZeros(c, address, length);
  };
}

function replaceByZeros(c: Libc, address: number, length: number): void {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  const at = c.mmap(address, length, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (at !== address) throw c.lastError('mmap');
}
