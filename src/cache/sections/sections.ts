import { errorCode, HoldfastError } from '../../errors.js';
import type { LockMode } from '../../os/flock.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../../os/syscalls.js';
import { type Era, EraEnded } from '../era/index.js';
import { SHARDS } from '../format/index.js';
import { isOdd, partyOf, protocol, run } from '../shared/index.js';
import { LockDescriptors } from './lock-descriptors.js';

/** For how long a writer that found the lock taken makes readers hold back. Each further try renews the request. */
const HOLD_BACK_MS = 20;

/** The shard locks of one era, for one cache instance. {@link Sections} says what each function returns and throws. */
export interface ShardLocks {
  tryEnter(shard: number, mode: LockMode): boolean;
  tryOnce(shard: number): boolean;
  tryRepair(shard: number, slot: number): boolean;
  leave(shard: number): void;
  /** Gives back what was not used lately. To be called about once a second. */
  everySecond(): void;
  close(): void;
}

/**
 * The shard locks of one era, for one cache instance. A critical section is the code between `tryEnter` and `leave`:
 * one synchronous function, which runs no user code and enters no other section. So no queue is needed, nothing can
 * deadlock, and descriptors may stay open.
 *
 * The lock file of a shard is made once, with its era. If it is missing, the era ends. There is no need to check that a
 * descriptor still belongs to the file at its path: a removed lock file or folder ends the era, and the number of the
 * era is compared after each locking.
 */
export class Sections implements ShardLocks {
  readonly #era: Era;
  readonly #clock: () => number;
  readonly #inside = new Uint8Array(SHARDS);
  readonly #descriptors = new LockDescriptors((shard) => this.#inside[shard] === 1);

  /** `clock`: milliseconds of a monotonic clock that all processes share. */
  constructor(era: Era, clock: () => number) {
    this.#era = era;
    this.#clock = clock;
  }

  /**
   * One try at the shard's lock. False: the lock is taken or, for `shared`, a writer is waiting for it. Throws
   * EraEnded, and `ERR_LOCK_CONFLICT` where this thread is inside already.
   */
  tryEnter(shard: number, mode: LockMode): boolean {
    if (this.#inside[shard] === 1) {
      throw new HoldfastError('ERR_LOCK_CONFLICT', 'The cache is called from inside one of its own sections.');
    }
    if (mode === 'shared' && this.#isWriterWaiting(shard)) return false;
    if (this.#tryLock(shard, mode)) return true;
    if (mode === 'exclusive') this.#era.words.setWaitingUntil(shard, (this.#clock() + HOLD_BACK_MS) >>> 0 || 1);
    return false;
  }

  /**
   * One try at the exclusive lock, for work that can be left out: readers need not hold back. Throws as
   * {@link tryEnter} does.
   */
  tryOnce(shard: number): boolean {
    return this.#inside[shard] === 0 && this.#tryLock(shard, 'exclusive');
  }

  /**
   * For a reader that has seen an odd epoch. Enters and leaves, which repairs what a dead writer left. False: the lock
   * is taken, so a writer is at work. Throws EraEnded, also where the epoch is odd although the lock was free: no step
   * of the protocol leaves it so.
   */
  tryRepair(shard: number, slot: number): boolean {
    if (!this.#tryLock(shard, 'exclusive')) return false;
    try {
      if (isOdd(this.#era.words.epoch(slot))) this.#era.condemn();
      return true;
    } finally {
      this.leave(shard);
    }
  }

  /** Takes the lock and enters (step 1 of a write), or neither. */
  #tryLock(shard: number, mode: LockMode): boolean {
    if (!syscalls.tryFlock(this.#descriptor(shard), mode)) return false;
    this.#inside[shard] = 1;
    try {
      this.#enter(shard, mode);
      return true;
    } catch (error) {
      this.leave(shard);
      throw error;
    }
  }

  #enter(shard: number, mode: LockMode): void {
    const { words, number } = this.#era;
    // The request has been met. If it ran out by itself, readers would wait for nothing. Another waiting writer renews
    // it at its next try.
    if (mode === 'exclusive' && words.waitingUntil(shard) !== 0) words.setWaitingUntil(shard, 0);
    const entered = mode === 'exclusive' ? run(protocol.enter, words, partyOf(number, shard, 0)) : undefined;
    if (entered === 'damaged') this.#era.condemn();
    if (entered === 'ended' || this.#era.ended) throw new EraEnded();
  }

  leave(shard: number): void {
    this.#inside[shard] = 0;
    const fd = this.#descriptors.get(shard);
    if (fd === undefined) return;
    try {
      syscalls.unflock(fd);
    } catch {
      this.#descriptors.close(shard);
    }
  }

  everySecond(): void {
    this.#descriptors.everySecond();
  }

  close(): void {
    this.#descriptors.closeAll();
  }

  /**
   * Whether a writer waits for the shard. A time further ahead than any request reaches is ignored, so a dead writer's
   * request ends too.
   */
  #isWriterWaiting(shard: number): boolean {
    const until = this.#era.words.waitingUntil(shard);
    if (until === 0) return false;
    const ahead = (until - (this.#clock() >>> 0)) | 0;
    return ahead > 0 && ahead <= HOLD_BACK_MS;
  }

  #descriptor(shard: number): number {
    const open = this.#descriptors.get(shard);
    if (open !== undefined) return open;
    try {
      const fd = syscalls.open(this.#era.paths.shardLock(shard), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
      this.#descriptors.add(shard, fd);
      return fd;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EISDIR') this.#era.condemn();
      throw error;
    }
  }
}
