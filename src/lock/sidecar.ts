import { errorCode, HoldfastError, invalidArgument, quietly } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { assertRoomFor, nameTooLong, sidecarPath } from '../os/lock-names.js';
import { absolutePath, resolveFile } from '../os/paths.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, type Stats, syscalls } from '../os/syscalls.js';

/** Mode of a sidecar whose data file does not exist yet. The umask applies, as it will for the data file. */
const DEFAULT_MODE = 0o666;
/** How often to start over where the lock file is removed or replaced meanwhile. */
const MAXIMUM_RESTARTS = 100;

/** The lock file that stands beside a data file. */
export interface Sidecar {
  /** The data file, symbolic links followed. */
  readonly dataPath: string;
  readonly path: string;
  /** The data file, where there is one. */
  readonly dataStats: Stats | undefined;
}

/**
 * Finds the sidecar of a data file, which need not exist: `<path>.lock`, beside the file that a symbolic link leads to.
 * Touches nothing.
 */
export function locateSidecar(path: string | URL): Sidecar {
  const file = resolveFile(absolutePath(path));
  if (file.stats !== undefined && !file.stats.isFile()) {
    const kind = file.stats.isDirectory() ? 'a directory' : 'not a regular file';
    throw invalidArgument(`Expected the path of a regular file: ${file.path} is ${kind}.`, { path: file.path });
  }
  assertRoomFor('.lock', file.path);
  return { dataPath: file.path, path: sidecarPath(file.path), dataStats: file.stats };
}

/** An open lock file. Its inode cannot be used again while it is open, so device and inode tell which file it is. */
export interface OpenLockFile {
  readonly fd: number;
  readonly dev: number;
  readonly ino: number;
}

/**
 * Opens a lock file. Makes it where there is none, with the mode and owner of the data file: a program of another user
 * must be able to lock what it may read. flock(2) asks for no write permission, so a sidecar in a read-only folder will
 * do.
 */
export function openLockFile(path: string, dataStats: Stats | undefined): OpenLockFile {
  for (let restart = 0; restart < MAXIMUM_RESTARTS; restart += 1) {
    const fd = openExisting(path) ?? create(path, dataStats);
    if (fd === undefined) continue;
    try {
      const stats = syscalls.fstat(fd);
      if (!stats.isFile()) throw notRegular(path);
      return { fd, dev: stats.dev, ino: stats.ino };
    } catch (error) {
      quietly(() => syscalls.close(fd));
      throw error;
    }
  }
  throw new HoldfastError('ERR_LOCK_CONFLICT', `${path} is being removed as fast as it is made.`, { path });
}

/** The outcome of one try at a lock file. `replaced`: it is locked, but its path names another file by now. */
export type Attempt = 'held' | 'busy' | 'replaced';

/**
 * Tries the lock once, then checks that the path still names the locked file: a lock on a file that has been unlinked
 * or replaced excludes no later request. On `replaced` the caller closes the descriptor and starts over.
 */
export function tryLockFileAt(file: OpenLockFile, path: string, mode: LockMode): Attempt {
  if (!syscalls.tryFlock(file.fd, mode)) return 'busy';
  return standsAt(file, path) ? 'held' : 'replaced';
}

/** Whether this open file is the one that the path names. */
export function standsAt(file: OpenLockFile, path: string): boolean {
  const there = syscalls.stat(path);
  return there !== undefined && there.ino === file.ino && there.dev === file.dev;
}

function openExisting(path: string): number | undefined {
  try {
    return syscalls.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return openReadOnly(path, error);
    throw unusable(path, error);
  }
}

function openReadOnly(path: string, refusal: unknown): number {
  try {
    return syscalls.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    throw unusable(path, code === 'ENOENT' || code === 'EACCES' ? refusal : error);
  }
}

/** `undefined` where another process was faster. */
function create(path: string, dataStats: Stats | undefined): number | undefined {
  const mode = dataStats === undefined ? DEFAULT_MODE : dataStats.mode & 0o777;
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK, mode);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined;
    throw error;
  }
  if (dataStats !== undefined) quietly(() => takeAfter(fd, dataStats, mode));
  return fd;
}

/** Gives the sidecar the data file's mode and owner, as far as this user may: the lock works without. */
function takeAfter(fd: number, dataStats: Stats, mode: number): void {
  quietly(() => syscalls.fchmod(fd, mode));
  const own = syscalls.fstat(fd);
  if (own.uid !== dataStats.uid || own.gid !== dataStats.gid) syscalls.fchown(fd, dataStats.uid, dataStats.gid);
}

function notRegular(path: string, cause?: unknown): HoldfastError {
  const message = `${path} is not a regular file, so it cannot be a sidecar.`;
  return new HoldfastError('ERR_LOCK_CONFLICT', message, { path, cause });
}

function unusable(path: string, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code === 'EISDIR') {
    const message = `${path} is a directory, where the sidecar must be a file: a lock of proper-lockfile, or of another tool that locks with directories. The two kinds of lock do not see each other.`;
    return new HoldfastError('ERR_LOCK_CONFLICT', message, { path, cause });
  }
  if (code === 'ELOOP' || code === 'EMLINK') {
    const message = `${path} is a symbolic link, where the sidecar must be a file: two names for one lock are how locks come apart.`;
    return new HoldfastError('ERR_LOCK_CONFLICT', message, { path, cause });
  }
  if (code === 'ENAMETOOLONG') return nameTooLong(path.slice(0, -'.lock'.length), path, cause);
  return code === 'ENXIO' ? notRegular(path, cause) : cause;
}
