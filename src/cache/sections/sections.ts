import { errorCode, HoldfastError } from '../../errors.js';
import type { LockMode } from '../../os/flock.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../../os/syscalls.js';
import { type Era, EraEnded } from '../era/index.js';
import { SHARDS } from '../format/index.js';
import { isOdd, partyOf, protocol, run } from '../shared/index.js';
import { LockDescriptors } from './lock-descriptors.js';

/** How long a writer that found the lock taken asks readers to hold back. It asks again at every try. */
const HOLD_BACK_MS = 20;

/** The locks of the shards of one era, as one cache instance holds them; what each of them gives and throws is said at {@link Sections}. */
export interface ShardLocks {
  tryEnter(shard: number, mode: LockMode): boolean;
  tryOnce(shard: number): boolean;
  tryRepair(shard: number, slot: number): boolean;
  leave(shard: number): void;
  close(): void;
}

/**
 * The shard locks of one era, as one cache instance holds them. A section is code that runs between `tryEnter` and `leave`: one
 * synchronous function, never two at once, never user code. So no queue is needed, nothing can deadlock, and descriptors may stay open.
 *
 * The lock file of a shard is made with its era and never again: one that is missing ends the era. That a descriptor is
 * the file at its path need not be asked, for whoever removes the file or the folder ends the era, and its number is compared after
 * every locking.
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
   * One try at the shard's lock. False: somebody is in there, or (for `shared`) a writer has asked to be let in first. Throws
   * EraEnded, and `ERR_LOCK_CONFLICT` where this very thread is inside.
   */
  tryEnter(shard: number, mode: LockMode): boolean {
    if (this.#inside[shard] === 1) {
      throw new HoldfastError('ERR_LOCK_CONFLICT', 'The cache is called from inside one of its own sections.');
    }
    if (mode === 'shared' && this.#somebodyAsked(shard)) return false;
    if (this.#tryLock(shard, mode)) return true;
    if (mode === 'exclusive') this.#era.words.setWaitingUntil(shard, (this.#clock() + HOLD_BACK_MS) >>> 0 || 1);
    return false;
  }

  /** One try at the exclusive lock that asks nobody to hold back: whoever finds it taken does without. Throws as {@link tryEnter} does. */
  tryOnce(shard: number): boolean {
    return this.#inside[shard] === 0 && this.#tryLock(shard, 'exclusive');
  }

  /**
   * For a reader that has seen an odd epoch: enters and leaves, which repairs what a dead writer left. False: the lock is taken, so a
   * writer is at work, and it is asked for nothing. Throws EraEnded, also where the epoch stays odd though nobody is inside: no
   * step leaves it so.
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
    // Who still waits asks again at its next try; left to run out, the word would keep readers waiting for one who has come in.
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

  close(): void {
    this.#descriptors.closeAll();
  }

  /** The word is believed only for as long as it could have been written for: a dead writer's does not last. */
  #somebodyAsked(shard: number): boolean {
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
      this.#descriptors.keep(shard, fd);
      return fd;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EISDIR') this.#era.condemn();
      throw error;
    }
  }
}
