import { quietly } from '../../errors.js';
import { onDescriptorShortage } from '../../os/descriptor-room.js';
import { syscalls } from '../../os/syscalls.js';
import { SHARDS } from '../format/index.js';

/** How many lock files of shards one instance keeps open. To open one again costs less than the work under its lock. */
export const MOST_OPEN = 64;

/**
 * The open lock files of one instance's shards. Beyond {@link MOST_OPEN} the clock algorithm closes one that was not
 * used lately. When the process runs out of descriptors, all idle ones are closed. Closing a file gives its lock up, so
 * a file in use stays open.
 */
export class LockDescriptors {
  readonly #inUse: (shard: number) => boolean;
  readonly #fds: (number | undefined)[] = new Array(SHARDS).fill(undefined);
  /** 1: used since the hand of the clock algorithm last passed. */
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

  /** Takes over the descriptor of a lock file that has been opened. */
  add(shard: number, fd: number): void {
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

  /** In two rounds each file is spared at most once, so one is found unless all are in use. */
  #closeOne(): void {
    for (let steps = 0; steps < 2 * SHARDS; steps += 1) {
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
