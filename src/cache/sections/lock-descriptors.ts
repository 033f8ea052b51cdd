import { quietly } from '../../errors.js';
import { onDescriptorShortage } from '../../os/descriptor-room.js';
import { syscalls } from '../../os/syscalls.js';
import { SHARDS } from '../format/index.js';

/** A lock file that was not used for one to two times this long is closed. */
export const IDLE_SECONDS = 5;

/**
 * The open lock files of one instance's shards. To open one again for each section makes a short read a third slower
 * (docs/decisions.md), so those in use stay open, all {@link SHARDS} of them where need be. The others are given back:
 * after a few seconds without use, and at once when the process runs out of descriptors. Closing a file gives its lock
 * up, so a file whose lock is held stays open.
 */
export class LockDescriptors {
  readonly #inUse: (shard: number) => boolean;
  readonly #fds: (number | undefined)[] = new Array(SHARDS).fill(undefined);
  /** 1: used since the idle ones were closed last. */
  readonly #used = new Uint8Array(SHARDS);
  readonly #endHearing: () => void;
  #seconds = 0;

  constructor(inUse: (shard: number) => boolean) {
    this.#inUse = inUse;
    this.#endHearing = onDescriptorShortage(() => this.#closeWhere(() => true));
  }

  /** The descriptor of a shard's lock file, if it is open. */
  get(shard: number): number | undefined {
    this.#used[shard] = 1;
    return this.#fds[shard];
  }

  /** Takes over the descriptor of a lock file that has been opened. */
  add(shard: number, fd: number): void {
    this.#fds[shard] = fd;
  }

  /** Closes those that were not used lately. To be called about once a second. */
  everySecond(): void {
    this.#seconds += 1;
    if (this.#seconds % IDLE_SECONDS !== 0) return;
    this.#closeWhere((shard) => this.#used[shard] === 0);
    this.#used.fill(0);
  }

  close(shard: number): void {
    const fd = this.#fds[shard];
    if (fd === undefined) return;
    this.#fds[shard] = undefined;
    quietly(() => syscalls.close(fd));
  }

  closeAll(): void {
    this.#endHearing();
    for (let shard = 0; shard < SHARDS; shard += 1) this.close(shard);
  }

  /** Closes those whose lock is not held; gives how many. */
  #closeWhere(condition: (shard: number) => boolean): number {
    let closed = 0;
    for (let shard = 0; shard < SHARDS; shard += 1) {
      if (this.#fds[shard] === undefined || this.#inUse(shard) || !condition(shard)) continue;
      this.close(shard);
      closed += 1;
    }
    return closed;
  }
}
