import type { LockMode } from '../os/flock.js';
import { clearImmediate, clearTimeout, monotonicNow, setImmediate, setTimeout } from '../os/timers.js';
import { Contention } from './contention.js';
import { LockDescriptor } from './descriptor.js';
import type { Sidecar } from './sidecar.js';
import { Turnstile } from './turnstile.js';

/** One request that has not been granted yet. */
export interface Waiter {
  readonly mode: LockMode;
  granted(): void;
  failed(error: unknown): void;
}

/** The queues of this thread whose lock is held here, by the inode of the sidecar. */
const holding = new Map<number, LockQueue>();

/**
 * The requests of this thread for the lock of one sidecar: a queue, first come, first served. To other processes the
 * whole queue is one contender, which asks on behalf of the request at its head.
 *
 * The protocol of a request:
 * 1. Other requests of this thread wait already: go to the end of the queue. No request overtakes another.
 * 2. This thread holds the shared lock, and the request is shared: join the hold, unless another process stands at the
 *    turnstile. Readers that join each other without end would keep a writer out for good.
 * 3. Another process stands at the turnstile: leave the lock alone. There are two exceptions. A process in the middle
 *    of its turn goes on until TURN_MS after the other one came: to hand over at every release costs more than the
 *    work. And where the lock was seen free for PASS_AFTER_MS, the process at the turnstile has been descheduled: pass
 *    it.
 * 4. Try the kernel's lock without blocking, at once and then on setImmediate for the first millisecond; but not where
 *    the process at the turnstile has just got it. Granted: to this request and to the shared ones right behind it.
 * 5. Not granted: step up to the turnstile as soon as it is free, and wait there on timers (backoff.ts). An exclusive
 *    request leaves the lock alone at first, so that the process that holds it can finish a batch; then it tries often.
 * 6. Granted: leave the turnstile at once, so that the next process can step up.
 * 7. The last holder has released: unlock, and begin again at 3 for the head of the queue.
 *
 * Steps 1, 2 and 7 are here, 3 to 6 in contention.ts.
 */
export class LockQueue {
  readonly sidecar: Sidecar;
  readonly #lock: LockDescriptor;
  readonly #contention: Contention;
  readonly #queue: Waiter[] = [];
  #mode: LockMode = 'shared';
  #holders = 0;
  #cancelTimer: (() => void) | undefined;
  #holderElsewhere: LockQueue | undefined;

  constructor(sidecar: Sidecar, now: () => number = monotonicNow) {
    this.sidecar = sidecar;
    this.#lock = new LockDescriptor(sidecar);
    this.#contention = new Contention(new Turnstile(sidecar.path, sidecar.dataStats, now), this.#lock, now);
  }

  /** Nothing is held and nothing waits: the queue may be forgotten. */
  get idle(): boolean {
    return this.#holders === 0 && this.#queue.length === 0;
  }

  get holders(): number {
    return this.#holders;
  }

  /** Whether the next exclusive request belongs to a batch, for which the sidecar was looked up a moment ago. */
  get inBatch(): boolean {
    return this.idle && this.#contention.inBatch;
  }

  /** The queue of this thread that holds the same lock under another name. Valid right after a try that failed. */
  get holderElsewhere(): LockQueue | undefined {
    return this.#holderElsewhere;
  }

  /** Takes the lock if that needs no wait (steps 1 to 4). What follows a refusal is `enqueue` or `turnAway`. */
  tryNow(mode: LockMode): boolean {
    this.#holderElsewhere = undefined;
    if (this.#queue.length > 0) return false;
    this.#contention.begin();
    try {
      if (this.#attempt(mode)) return true;
    } catch (error) {
      this.#stopWaiting();
      throw error;
    }
    this.#holderElsewhere = this.#otherHolder();
    return false;
  }

  /** Ends a request that was refused and will not wait. */
  turnAway(): void {
    if (this.#queue.length === 0) this.#stopWaiting();
  }

  /** Queues a request that was refused; the end of its wait is told to the waiter. */
  enqueue(waiter: Waiter): void {
    this.#queue.push(waiter);
    if (this.#queue.length === 1) this.#arrangeNextTry();
  }

  /** Takes a request that has not been granted out of the queue. */
  withdraw(waiter: Waiter): void {
    const index = this.#queue.indexOf(waiter);
    if (index === -1) return;
    this.#queue.splice(index, 1);
    this.#advance();
  }

  /** One holder has released (step 7). */
  release(): void {
    this.#holders -= 1;
    const { file } = this.#lock;
    if (this.#holders > 0 || file === undefined) return;
    if (holding.get(file.ino) === this) holding.delete(file.ino);
    this.#contention.released();
    this.#lock.unlock();
    if (this.#queue.length > 0) this.#advance();
    else if (this.#contention.othersWait) this.#lock.closeUnless(() => !this.idle);
    else this.#lock.close();
  }

  /** Grants what can be granted, then arranges the next try. */
  #advance(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      try {
        if (!this.#attempt(head.mode)) break;
      } catch (error) {
        this.#queue.shift();
        head.failed(error);
        continue;
      }
      this.#queue.shift();
      head.granted();
    }
    if (this.#queue.length === 0) this.#stopWaiting();
    else this.#arrangeNextTry();
  }

  #stopWaiting(): void {
    this.#contention.end();
    if (this.#holders === 0) this.#lock.close();
  }

  #arrangeNextTry(): void {
    const head = this.#queue[0];
    // Only the end of our own hold can help an exclusive request, or a shared one behind an exclusive hold.
    if (this.#holders > 0 && !(this.#mode === 'shared' && head?.mode === 'shared')) return;
    const delay = this.#contention.nextDelay();
    const again = () => {
      this.#cancelTimer = undefined;
      this.#advance();
    };
    if (delay === 'immediate') {
      const immediate = setImmediate(again);
      this.#cancelTimer = () => clearImmediate(immediate);
    } else {
      const timer = setTimeout(again, delay);
      this.#cancelTimer = () => clearTimeout(timer);
    }
  }

  #attempt(mode: LockMode): boolean {
    if (this.#holders > 0) {
      if (this.#mode !== 'shared' || mode !== 'shared') return false;
      if (this.#contention.anotherIsNext() || !this.#lock.stands()) return false;
      this.#holders += 1;
      return true;
    }
    if (!this.#contention.tryLock(mode)) return false;
    this.#mode = mode;
    this.#holders = 1;
    if (this.#lock.file !== undefined) holding.set(this.#lock.file.ino, this);
    return true;
  }

  #otherHolder(): LockQueue | undefined {
    const { file } = this.#lock;
    if (this.#holders > 0 || file === undefined) return undefined;
    const other = holding.get(file.ino);
    return other !== undefined && other.#lock.file?.dev === file.dev ? other : undefined;
  }
}
