import { errorCode } from '../../errors.js';
import { original } from '../seam/index.js';
import type { LockState } from './access.js';

/** `lock:	1: FLOCK  ADVISORY  WRITE 4242 fe:00:2146347 0 EOF` (proc_pid_fdinfo(5)). */
const FLOCK_LINE = /^lock:\s+\d+: FLOCK\s+\S+\s+(READ|WRITE)\s+-?\d+\s+[0-9a-f]+:[0-9a-f]+:(\d+) /gm;

/**
 * The locks that this thread holds on sidecars.
 *
 * Calls of flock(2) are not recorded. Instead the kernel is asked: /proc/self/fdinfo lists the locks of an open file.
 * So it does not matter which library, copy or binding made the call. A *directory* `<path>.lock` is the lock of
 * proper-lockfile; the process that made it holds it until it removes it.
 *
 * A lock belongs to the thread, not to a request: where one request holds a lock, all requests of its thread seem to.
 */
export class HeldLocks {
  /** Open sidecars by path: descriptor and inode. */
  readonly #open = new Map<string, Map<number, number>>();
  readonly #directories = new Set<string>();

  opened(sidecarPath: string, fd: number): void {
    const descriptors = this.#open.get(sidecarPath) ?? new Map<number, number>();
    this.#open.set(sidecarPath, descriptors.set(fd, original.fstatSync(fd).ino));
  }

  closed(fd: number): void {
    for (const [path, descriptors] of this.#open) {
      if (descriptors.delete(fd) && descriptors.size === 0) this.#open.delete(path);
    }
  }

  madeDirectory(sidecarPath: string): void {
    this.#directories.add(sidecarPath);
  }

  removedDirectory(sidecarPath: string): void {
    this.#directories.delete(sidecarPath);
  }

  /** The strongest lock that this thread holds on a data file's sidecar. */
  of(dataPath: string): LockState {
    const sidecarPath = `${dataPath}.lock`;
    if (this.#directories.has(sidecarPath)) return 'exclusive';
    const descriptors = this.#open.get(sidecarPath);
    if (descriptors === undefined) return 'none';
    const standing = original.statSync(sidecarPath, { throwIfNoEntry: false });
    let state: LockState = 'none';
    for (const [fd, inode] of descriptors) {
      // A lock on a sidecar that has been unlinked or replaced excludes no other program.
      const held = standing?.ino === inode ? flockOf(fd, inode) : 'none';
      if (held === 'exclusive' || state === 'none') state = held;
    }
    return state;
  }
}

/** The flock(2) lock of a descriptor. The inode tells whether the number still refers to the same file. */
function flockOf(fd: number, inode: number): LockState {
  let text: string;
  try {
    text = original.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
  } catch (error) {
    // The descriptor was closed by a call that is not observed, or there is no /proc.
    return errorCode(error) === 'ENOENT' && process.platform === 'linux' && hasFdinfo() ? 'none' : 'unknown';
  }
  for (const [, type, locked] of text.matchAll(FLOCK_LINE)) {
    if (locked === String(inode)) return type === 'WRITE' ? 'exclusive' : 'shared';
  }
  return 'none';
}

function hasFdinfo(): boolean {
  return original.statSync('/proc/self/fdinfo', { throwIfNoEntry: false }) !== undefined;
}
