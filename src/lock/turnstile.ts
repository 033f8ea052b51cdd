import { randomInt } from 'node:crypto';
import { errorCode, quietly } from '../errors.js';
import { turnstilePath } from '../os/lock-names.js';
import { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, type Stats, syscalls } from '../os/syscalls.js';
import { type OpenLockFile, tryLockFileAt } from './sidecar.js';

/** A mark that is known to be occupied is believed for this long before its lock is tried again. */
const BELIEVED_MS = 20;
/** One that belongs to nobody, and that this user may not remove, is passed by for this long without another look. */
const DESERTED_MS = 1_000;
/** Stamps are seconds since 1970, and earlier than any clock of a running machine: 2004. */
const LATEST_STAMP = 2 ** 30;

/**
 * Somebody who stands at the turnstile. Every entry makes the file anew and stamps it with a random time of
 * modification: inode numbers are used again at once, and times of creation differ only from one tick of the kernel's
 * clock to the next.
 */
export interface Occupant {
  readonly mark: string;
  /** When this process first saw this occupant there (monotonic milliseconds). */
  readonly seenAt: number;
}

/**
 * The place where the next in line stands: `<sidecar>.next` (or a shorter name, see {@link turnstilePath}), locked
 * exclusively by one process of those that wait for the sidecar. The file stands there only while somebody waits: who
 * leaves unlinks it, holding its lock, and who enters checks that what it locked is still the file at that path. What a
 * killed process left behind is cleared by the next one that looks.
 *
 * It exists for fairness, not for exclusion: where it cannot be made (a read-only folder) waiting goes on without it.
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

  /** The other process that stands there, or `undefined`. One stat(2) when nobody does. */
  look(): Occupant | undefined {
    if (this.entered) return undefined;
    const stats = this.#stats();
    // Without its stamp somebody is just stepping up, and is there at the next look.
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

  /** Where the file system has no room for its name, nobody stands there. */
  #stats(): Stats | undefined {
    try {
      return syscalls.stat(this.#path);
    } catch (error) {
      if (errorCode(error) === 'ENAMETOOLONG') return undefined;
      throw error;
    }
  }

  /** Steps up to the turnstile. `occupied`: somebody else stands there. `unavailable`: there can be none here. */
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
    // The umask has taken its part. Whoever may lock the sidecar must be able to see whether anybody stands here.
    const { mode } = this.#dataStats ?? {};
    if (mode !== undefined) quietly(() => syscalls.fchmod(fd, mode & 0o777));
    quietly(() => syscalls.futimes(fd, 0, randomInt(LATEST_STAMP)));
    return 'entered';
  }

  /** Makes place for the next one. Does nothing where this process does not stand there. */
  leave(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    quietly(() => syscalls.unlink(this.#path));
    quietly(() => syscalls.close(fd));
  }

  /**
   * True when the mark belonged to nobody: left by a process that was killed. It is gone now, unless it is another
   * user's to remove. What cannot be opened counts as nobody's: fairness is all that is lost, and a leftover of another
   * user would hold everybody up for good.
   */
  #clearIfDeserted(): boolean {
    const fd = this.#openExisting();
    if (fd === undefined) return true;
    if (!this.#locks(fd)) return false;
    this.#fd = fd;
    this.leave();
    return true;
  }

  /** flock(2) asks for no write permission. */
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
      // No lock, no place in line; fairness is all that is lost.
    }
    quietly(() => syscalls.close(fd));
    return false;
  }
}
