import { errorCode } from '../errors.js';
import {
  assertMode,
  type FileLock,
  type HeldLock,
  type LockMode,
  patience,
  runHolding,
  toFileLock,
  tryLockSidecar,
} from '../lock/index.js';
import { absolutePath, parentFolder } from '../os/paths.js';
import { syscalls } from '../os/syscalls.js';
import {
  type FileData,
  type FileOptions,
  READ_OPTIONS,
  REMOVE_OPTIONS,
  type ReadOptions,
  type RemoveOptions,
  resolveFileOptions,
  toBuffer,
  WRITE_OPTIONS,
} from './options.js';
import type { Edit, PutOptions, Strategy } from './strategy.js';
import { syncFolder } from './sync-folder.js';
import { noSuchFile, readWhole } from './whole-file.js';

/** What {@link updateFile} does with the old content. `undefined` removes the file, or leaves it missing. */
export type Change = (old: Buffer | undefined) => FileData | undefined | Promise<FileData | undefined>;

/**
 * Reads a whole file. By default it does so under a shared lock on the sidecar, which is safe beside each writer of
 * this package and each program that locks the sidecar. With `rename` or `write-file-atomic` it takes no lock, which is
 * safe where all writers publish.
 *
 * A file that has no length, as those of `/proc`, is read until its end. Rejects as {@link lockFile} does, and with
 *
 * - `ENOENT` where there is no file (no sidecar is made for it);
 * - `ERR_VALUE_TOO_LARGE` where the file is longer than a Buffer can be (4 GiB on Node 20), or than there is memory;
 * - `EIO` where it had fewer bytes than its length said: a program without the lock has truncated it meanwhile.
 */
export async function readFile(path: string | URL, options: ReadOptions = {}): Promise<Buffer> {
  const { strategy, wait } = resolveFileOptions(options, READ_OPTIONS, 'flock');
  // Checked here, since not every strategy waits.
  patience(wait);
  const given = absolutePath(path);
  if (!strategy.readersLock) return (await readWhole(given)) ?? missing(given);
  if (syscalls.stat(given) === undefined) return missing(given);
  const lock = await strategy.lock(given, 'shared', wait);
  return whileHolding(lock, async () => (await readWhole(lock.path)) ?? missing(lock.path));
}

/**
 * Makes `data` the whole content of a file, which need not exist. By default it publishes the content in one step
 * (`rename`): every reader sees the old content or the new. Writers take turns. With `flock` or `proper-lockfile` it
 * rewrites the file in place, and readers that take no lock see it half-written.
 *
 * Rejects with the system's error (`ENOSPC`, `EACCES`, ...) and as {@link lockFile} does.
 */
export async function writeFile(path: string | URL, data: FileData, options: FileOptions = {}): Promise<void> {
  const { strategy, wait, mode, flush } = resolveFileOptions(options, WRITE_OPTIONS, 'rename');
  const bytes = toBuffer(data);
  const lock = await strategy.lock(path, 'exclusive', wait);
  await whileHolding(lock, async () => {
    strategy.assertHeld?.(lock);
    await strategy.put(lock, bytes, { mode, flush });
  });
}

/**
 * Reads, changes and writes a file as one step: no other writer comes in between, so no update is lost. `change` gets
 * the old content (`undefined` where there is no file) and returns the new one, or a promise of it; `undefined` removes
 * the file. It runs under the lock. Where it throws, nothing is written, and the error is passed on.
 *
 * Rejects as {@link writeFile} does. Inside `change`, locking the same file again is `ERR_LOCK_CONFLICT`.
 */
export async function updateFile(path: string | URL, change: Change, options: FileOptions = {}): Promise<void> {
  const { strategy, wait, mode, flush } = resolveFileOptions(options, WRITE_OPTIONS, 'rename');
  const lock = await strategy.lock(path, 'exclusive', wait);
  try {
    await editHeld(strategy, lock, change, { mode, flush });
  } catch (error) {
    await releaseQuietly(lock);
    throw error;
  }
  await lock.release();
}

async function editHeld(strategy: Strategy, lock: HeldLock, change: Change, options: PutOptions): Promise<void> {
  const begun = strategy.edit === undefined ? editByPut(strategy, lock) : strategy.edit(lock);
  const edit = begun instanceof Promise ? await begun : begun;
  let bytes: Buffer | undefined;
  try {
    const changed = await runHolding(lock.key, () => change(edit.old));
    bytes = changed === undefined ? undefined : toBuffer(changed);
    strategy.assertHeld?.(lock);
  } catch (error) {
    edit.abandon();
    throw error;
  }
  if (bytes !== undefined) {
    const committing = edit.commit(bytes, options);
    if (committing instanceof Promise) await committing;
    return;
  }
  edit.abandon();
  if (edit.old !== undefined) await unlinkIfThere(lock.path, options.flush);
}

/**
 * Removes a file under the exclusive lock. The sidecar stays, since another process may be about to lock it. Resolves
 * to false where there was no file.
 */
export async function removeFile(path: string | URL, options: RemoveOptions = {}): Promise<boolean> {
  const { strategy, wait, flush } = resolveFileOptions(options, REMOVE_OPTIONS, 'rename');
  const lock = await strategy.lock(path, 'exclusive', wait);
  return whileHolding(lock, async () => {
    strategy.assertHeld?.(lock);
    return unlinkIfThere(lock.path, flush);
  });
}

/**
 * Waits for the lock of a file. It is held until `release()`, or until the end of an `await using` block. For work that
 * the functions above do not cover; they are harder to use wrongly.
 *
 * A lock is `shared` or `exclusive`, and is never upgraded: the kernel would give it up in between. With
 * `proper-lockfile`, which has no shared mode, both exclude all others; the other strategies lock the sidecar with
 * flock(2).
 *
 * Rejects with `ERR_LOCK_TIMEOUT`, `ERR_LOCK_CONFLICT`, `ERR_LOCK_UNSUPPORTED`, the signal's reason, or the system's
 * error (a folder that is missing or cannot be written to). Then neither a descriptor nor a place in the queue remains.
 */
export async function lockFile(path: string | URL, mode: LockMode, options: ReadOptions = {}): Promise<FileLock> {
  assertMode(mode);
  const { strategy, wait } = resolveFileOptions(options, READ_OPTIONS, 'flock');
  return toFileLock(await strategy.lock(path, mode, wait));
}

/**
 * Takes the lock of a file if that needs no wait. `undefined` where the lock is held, or another process is next in
 * line. A loop around this is not fair; {@link lockFile} is.
 */
export function tryLockFile(path: string | URL, mode: LockMode): FileLock | undefined {
  const held = tryLockSidecar(path, mode);
  return held === undefined ? undefined : toFileLock(held);
}

/** Runs `work`, then releases the lock. Where both fail, it rejects with the error of `work`. */
export async function whileHolding<T>(lock: HeldLock, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await releaseQuietly(lock);
    throw error;
  }
  await lock.release();
  return result;
}

async function releaseQuietly(lock: HeldLock): Promise<void> {
  try {
    await lock.release();
  } catch {
    // The caller gets the error of the work.
  }
}

async function editByPut(strategy: Strategy, lock: HeldLock): Promise<Edit> {
  const old = await readWhole(lock.path);
  return { old, commit: (data, options) => strategy.put(lock, data, options), abandon() {} };
}

async function unlinkIfThere(path: string, flush: boolean): Promise<boolean> {
  try {
    syscalls.unlink(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
  if (flush) await syncFolder(parentFolder(path));
  return true;
}

function missing(path: string): never {
  throw noSuchFile(path);
}
