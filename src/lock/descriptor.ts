import { quietly } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { syscalls } from '../os/syscalls.js';
import { setImmediate } from '../os/timers.js';
import { type OpenLockFile, openLockFile, type Sidecar, standsAt, tryLockFileAt } from './sidecar.js';

/** The sidecar as one open file, opened on demand. Its lock is tried here, and nowhere else. */
export class LockDescriptor {
  readonly #sidecar: Sidecar;
  #file: OpenLockFile | undefined;
  #closing = false;

  constructor(sidecar: Sidecar) {
    this.#sidecar = sidecar;
  }

  /** The open file, while it is open. */
  get file(): OpenLockFile | undefined {
    return this.#file;
  }

  /**
   * Whether the path still names the open file: the sidecar may have been removed, or its folder replaced by another.
   */
  stands(): boolean {
    return this.#file !== undefined && standsAt(this.#file, this.#sidecar.path);
  }

  /** Opens the sidecar and tries its lock. Starts over where the path names another file by then. */
  try(mode: LockMode): boolean {
    for (;;) {
      this.#file ??= openLockFile(this.#sidecar.path, this.#sidecar.dataStats);
      const attempt = this.#closingOnError(() => tryLockFileAt(this.#opened, this.#sidecar.path, mode));
      if (attempt !== 'replaced') return attempt === 'held';
      this.close();
    }
  }

  /** Tries the lock of the file that is open, without a look at the path. */
  tryOpen(mode: LockMode): boolean {
    return this.#closingOnError(() => syscalls.tryFlock(this.#opened.fd, mode));
  }

  /** Sets the sidecar's time of modification (seconds), where that is allowed: a heartbeat for other processes. */
  stamp(time: number): void {
    quietly(() => syscalls.futimes(this.#opened.fd, time, time));
  }

  /** The sidecar's time of modification (milliseconds). Opens the sidecar where it is not open. */
  readStamp(): number {
    this.#file ??= openLockFile(this.#sidecar.path, this.#sidecar.dataStats);
    const { fd } = this.#file;
    return this.#closingOnError(() => syscalls.fstat(fd)).mtimeMs;
  }

  /**
   * Gives the lock up; closes the descriptor where that fails. To close it always would not do: a child that is being
   * started may hold a copy of the descriptor, and with it the lock.
   */
  unlock(): void {
    try {
      syscalls.unflock(this.#opened.fd);
    } catch {
      this.close();
    }
  }

  close(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    quietly(() => syscalls.close(file.fd));
  }

  /** Closes at the end of this turn of the event loop, unless the lock is wanted again by then. */
  closeUnless(wanted: () => boolean): void {
    if (this.#closing) return;
    this.#closing = true;
    setImmediate(() => {
      this.#closing = false;
      if (!wanted()) this.close();
    });
  }

  get #opened(): OpenLockFile {
    if (this.#file === undefined) throw new Error('the sidecar is not open');
    return this.#file;
  }

  /** A call that failed may have taken the lock all the same; to close the descriptor gives it up. */
  #closingOnError<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.close();
      throw error;
    }
  }
}
