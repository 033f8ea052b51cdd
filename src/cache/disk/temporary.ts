import { errorCode, quietly } from '../../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import { discard, temporaryPath } from './publish.js';

/** How often a temporary is made again because another process locked it first, to clear up. */
const MOST_TRIES = 100;

/**
 * A file that is written outside any section, and becomes an entry later. It is locked as long as its writer lives, and
 * a sweep removes no locked file. The lock belongs to the open file, so it ends with the process.
 */
export class Temporary {
  readonly era: Era;
  readonly path: string;
  readonly fd: number;
  #published = false;
  #closed = false;

  /** Makes a temporary and locks it. Throws EraEnded where the folder is missing. */
  static make(era: Era, shard: number, mode: number): Temporary {
    for (let tries = 1; ; tries += 1) {
      const temporary = new Temporary(era, shard, mode);
      try {
        if (temporary.#lock()) return temporary;
      } catch (error) {
        temporary.close();
        throw error;
      }
      temporary.close();
      if (tries === MOST_TRIES) {
        const message = `EAGAIN: another process has locked each new file, flock '${temporary.path}'`;
        throw Object.assign(new Error(message), { code: 'EAGAIN', syscall: 'flock', path: temporary.path });
      }
    }
  }

  private constructor(era: Era, shard: number, mode: number) {
    this.era = era;
    this.path = temporaryPath(era, shard);
    try {
      this.fd = syscalls.open(this.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') era.condemn();
      throw error;
    }
  }

  /** False: a sweep took the new file for an orphan before it was locked, and has locked or unlinked it. */
  #lock(): boolean {
    return syscalls.tryFlock(this.fd, 'exclusive') && syscalls.fstat(this.fd).nlink > 0;
  }

  /** To be called when the file has become an entry: its former name is now free, or that of another file. */
  published(): void {
    this.#published = true;
  }

  /** Closes the file, and removes it where it has not become an entry. Idempotent; never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#published) discard(this.path);
    quietly(() => syscalls.close(this.fd));
  }
}
