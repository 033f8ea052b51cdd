import { randomInt } from 'node:crypto';
import { errorCode, quietly } from '../errors.js';
import { turnstilePath } from '../os/lock-names.js';
import { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, type Stats, syscalls } from '../os/syscalls.js';
import { type OpenLockFile, tryLockFileAt } from './sidecar.js';

/** An occupant that was found alive is taken to be so for this long before its lock is tried again. */
const BELIEVED_MS = 20;
/** A file that no process holds, and that this user may not remove, is ignored for this long. */
const DESERTED_MS = 1_000;
/** Stamps are seconds since 1970, and lie before the time of any running machine: until 2004. */
const LATEST_STAMP = 2 ** 30;

/** Another process that stands at the turnstile. */
export interface Occupant {
  /**
   * Tells one occupant from the next: inode and time of modification. Every entry makes the file anew and gives it a
   * random time, since inode numbers are used again at once, and times of creation differ only from one tick of the
   * kernel's clock to the next.
   */
  readonly mark: string;
  /** When this process first saw this occupant there (monotonic milliseconds). */
  readonly seenAt: number;
}

/**
 * A second lock file, `<sidecar>.next` (or a shorter name, see {@link turnstilePath}). The process that is next in line
 * for the sidecar holds it exclusively; SQLite calls such a lock PENDING.
 *
 * The file exists only while a process waits. A process that leaves unlinks it while it still holds the lock; a process
 * that enters checks that what it locked is still the file at that path. The file of a killed process is removed by the
 * next process that looks.
 *
 * It serves fairness, not exclusion: where it cannot be made (a read-only folder), waiting goes on without it.
 */
export class Turnstile {
  readonly #path: string;
  readonly #dataStats: Stats | undefined;
  readonly #now: () => number;
  #fd: number | undefined;
  #occupant: Occupant | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #deserted: { readonly mark: string; readonly until: number } | undefined;

  constructor(sidecarPath: string, dataStats: Stats | undefined, now: () => number) {
    this.#path = turnstilePath(sidecarPath);
    this.#dataStats = dataStats;
    this.#now = now;
  }

  /** Whether this process is the next in line. */
  get entered(): boolean {
    return this.#fd !== undefined;
  }

  /** The other process that stands there, if there is one. Costs one stat(2) where there is none. */
  occupant(): Occupant | undefined {
    if (this.entered) return undefined;
    const stats = this.#stats();
    // Without its stamp: a process is just stepping up. The next look will find it.
    if (stats === undefined || stats.mtimeMs > LATEST_STAMP * 1000) {
      this.#occupant = undefined;
      return undefined;
    }
    const mark = `${stats.ino}:${stats.mtimeMs}`;
    const now = this.#now();
    if (this.#deserted?.mark === mark && now < this.#deserted.until) return undefined;
    if (this.#occupant?.mark !== mark) this.#occupant = { mark, seenAt: now };
    else if (now - this.#checkedAt < BELIEVED_MS) return this.#occupant;
    this.#checkedAt = now;
    if (!this.#clearIfDeserted()) return this.#occupant;
    this.#deserted = { mark, until: now + DESERTED_MS };
    this.#occupant = undefined;
    return undefined;
  }

  /** Where the file system allows no name of that length, no process stands there. */
  #stats(): Stats | undefined {
    try {
      return syscalls.stat(this.#path);
    } catch (error) {
      if (errorCode(error) === 'ENAMETOOLONG') return undefined;
      throw error;
    }
  }

  /**
   * Steps up to the turnstile. `occupied`: another process stands there. `unavailable`: the file cannot be made here.
   */
  enter(): 'entered' | 'occupied' | 'unavailable' {
    if (this.entered) return 'entered';
    let fd: number;
    try {
      const mode = this.#dataStats === undefined ? 0o666 : this.#dataStats.mode & 0o777;
      fd = syscalls.open(this.#path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode);
    } catch {
      return 'unavailable';
    }
    if (!this.#locks(fd)) return 'occupied';
    this.#fd = fd;
    // Undoes the umask: each user that may lock the sidecar must be able to see whether a process stands here.
    const { mode } = this.#dataStats ?? {};
    if (mode !== undefined) quietly(() => syscalls.fchmod(fd, mode & 0o777));
    quietly(() => syscalls.futimes(fd, 0, randomInt(LATEST_STAMP)));
    return 'entered';
  }

  /** Makes room for the next process. Does nothing where this one does not stand there. */
  leave(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    quietly(() => syscalls.unlink(this.#path));
    quietly(() => syscalls.close(fd));
  }

  /**
   * True where no process holds the file: a killed one left it. It is removed, unless only another user may do that. A
   * file that cannot be opened counts as left too: at worst some fairness is lost, while a leftover that were respected
   * would block everybody for good.
   */
  #clearIfDeserted(): boolean {
    const fd = this.#openExisting();
    if (fd === undefined) return true;
    if (!this.#locks(fd)) return false;
    this.#fd = fd;
    this.leave();
    return true;
  }

  /** For reading, where writing is not allowed: flock(2) asks for no write permission. */
  #openExisting(): number | undefined {
    for (const access of [O_RDWR, O_RDONLY]) {
      try {
        return syscalls.open(this.#path, access | O_NOFOLLOW | O_NONBLOCK);
      } catch (error) {
        const code = errorCode(error);
        if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return undefined;
      }
    }
    return undefined;
  }

  #locks(fd: number): boolean {
    try {
      const { dev, ino }: Stats = syscalls.fstat(fd);
      const file: OpenLockFile = { fd, dev, ino };
      if (tryLockFileAt(file, this.#path, 'exclusive') === 'held') return true;
    } catch {
      // Without the lock it is not next in line; at worst some fairness is lost.
    }
    quietly(() => syscalls.close(fd));
    return false;
  }
}
