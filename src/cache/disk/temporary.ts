import { errorCode, quietly } from '../../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import { discard, temporaryPath } from './publish.js';

/** How often a temporary is made again because somebody who clears up had it first. */
const MOST_TRIES = 100;

/**
 * A file that becomes an entry later, outside any section. As long as it is locked its maker lives: who clears up leaves it alone. The
 * lock is that of the open file, so it goes with the process.
 */
export class Temporary {
  readonly era: Era;
  readonly path: string;
  readonly fd: number;
  #kept = false;
  #closed = false;

  /** Makes and locks one. Throws EraEnded where the folder has gone. */
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
        const message = `EAGAIN: a new file is locked by somebody else, flock '${temporary.path}'`;
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

  /** Between making and locking, whoever clears up could take it for an orphan: then it is locked by him, or has been unlinked. */
  #lock(): boolean {
    return syscalls.tryFlock(this.fd, 'exclusive') && syscalls.fstat(this.fd).nlink > 0;
  }

  /** It has become an entry: from now on its name is no longer ours. */
  published(): void {
    this.#kept = true;
  }

  /** Closes the file, and removes it where it has not become an entry. Idempotent; never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#kept) discard(this.path);
    quietly(() => syscalls.close(this.fd));
  }
}
