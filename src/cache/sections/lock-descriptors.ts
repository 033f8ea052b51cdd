import { quietly } from '../../errors.js';
import { onDescriptorShortage } from '../../os/descriptor-room.js';
import { syscalls } from '../../os/syscalls.js';
import { SHARDS } from '../format/index.js';

/** So many lock files of shards one instance keeps open. Opening one again costs less than what is done under its lock. */
export const MOST_OPEN = 64;

/**
 * The open lock files of one instance's shards. Beyond a number those are closed that were not used for longest, about; where the process
 * runs out of descriptors, all that are idle. To close one is to give its lock up, so one that is in use is left alone.
 */
export class LockDescriptors {
  readonly #inUse: (shard: number) => boolean;
  readonly #fds: (number | undefined)[] = new Array(SHARDS).fill(undefined);
  /** 1: used since the hand went by, as in the clock algorithm. */
  readonly #used = new Uint8Array(SHARDS);
  readonly #endHearing: () => void;
  #open = 0;
  #hand = 0;

  constructor(inUse: (shard: number) => boolean) {
    this.#inUse = inUse;
    this.#endHearing = onDescriptorShortage(() => this.#closeIdle());
  }

  /** The descriptor of a shard's lock file, if it is open. */
  get(shard: number): number | undefined {
    this.#used[shard] = 1;
    return this.#fds[shard];
  }

  /** Keeps one that has been opened. */
  keep(shard: number, fd: number): void {
    if (this.#open >= MOST_OPEN) this.#closeOne();
    this.#fds[shard] = fd;
    this.#open += 1;
  }

  close(shard: number): void {
    const fd = this.#fds[shard];
    if (fd === undefined) return;
    this.#fds[shard] = undefined;
    this.#open -= 1;
    quietly(() => syscalls.close(fd));
  }

  closeAll(): void {
    this.#endHearing();
    for (let shard = 0; shard < SHARDS; shard += 1) this.close(shard);
  }

  /** Twice round, each has been passed over once for its use. */
  #closeOne(): void {
    for (let looks = 0; looks < 2 * SHARDS; looks += 1) {
      this.#hand = (this.#hand + 1) % SHARDS;
      const shard = this.#hand;
      if (this.#fds[shard] === undefined || this.#inUse(shard)) continue;
      if (this.#used[shard] === 0) {
        this.close(shard);
        return;
      }
      this.#used[shard] = 0;
    }
  }

  #closeIdle(): number {
    const before = this.#open;
    for (let shard = 0; shard < SHARDS; shard += 1) if (!this.#inUse(shard)) this.close(shard);
    return before - this.#open;
  }
}
