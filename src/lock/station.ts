import { performance } from 'node:perf_hooks';
import { quietly } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { syscalls } from '../os/syscalls.js';
import { nextDelay, PASS_AFTER_MS, TURN_MS, type Wait } from './pace.js';
import { openLockFile, type Sidecar, tryLockFileAt } from './sidecar.js';
import { type Occupant, Turnstile } from './turnstile.js';

/** One request that has not been granted yet. */
export interface Waiter {
  readonly mode: LockMode;
  granted(): void;
  failed(error: unknown): void;
}

/** A process that released the lock this recently and asks again is in the middle of its turn. */
const SAME_TURN_MS = 2;
/** An occupant that was passed because it did not move is not waited for again during this time. */
const IGNORED_MS = 1_000;

/**
 * How the lock of one sidecar is shared out. Inside this thread: one queue, first come, first served. Towards other
 * processes: the station asks as one party, for the request at the head of its queue.
 *
 * The protocol of a request:
 * 1. Others of this thread wait already: to the end of the queue. Nobody overtakes.
 * 2. This thread holds the shared lock, and a shared one is wanted: join it, unless somebody stands at the turnstile; a
 *    stream of readers that join each other would keep a writer out for good.
 * 3. Somebody stands at the turnstile: do not touch the lock. Two exceptions. Who is in the middle of its turn may go on until
 *    TURN_MS after the other one came: handing over at every release costs more than the work. And where
 *    the lock was seen free for PASS_AFTER_MS, the one at the turnstile is asleep: go past.
 * 4. Try the kernel's lock, without blocking. Granted, to this request and to the shared ones right behind it.
 * 5. Not granted: try again, first on setImmediate, then on timers (pace.ts). After the first millisecond step up to the turnstile;
 *    who stands there tries the lock often, the others look at the turnstile seldom.
 * 6. Granted: leave the turnstile at once, so that the next one can step up.
 * 7. Released by the last holder: unlock, and begin again with 3 for the head of the queue.
 */
export class Station {
  readonly #sidecar: Sidecar;
  readonly #turnstile: Turnstile;
  readonly #now: () => number;
  readonly #queue: Waiter[] = [];
  #fd: number | undefined;
  #mode: LockMode = 'shared';
  #holders = 0;
  #releasedAt = Number.NEGATIVE_INFINITY;
  #wait: Wait | undefined;
  #cancelTimer: (() => void) | undefined;
  #freeSince: number | undefined;
  #passed: { mark: string; until: number } | undefined;
  #mark: string | undefined;

  constructor(sidecar: Sidecar, now: () => number = () => performance.now()) {
    this.#sidecar = sidecar;
    this.#now = now;
    this.#turnstile = new Turnstile(sidecar.path, sidecar.dataStats, now);
  }

  /** Nothing is held and nobody waits: the station may be forgotten. */
  get idle(): boolean {
    return this.#holders === 0 && this.#queue.length === 0;
  }

  get holders(): number {
    return this.#holders;
  }

  /** Takes the lock if that needs no wait (steps 1 to 4). */
  tryNow(mode: LockMode): boolean {
    if (this.#queue.length > 0) return false;
    const granted = this.#attempt(mode);
    if (!granted && this.#holders === 0) this.#closeDescriptor();
    return granted;
  }

  /** Queues a request; it hears of its end through the waiter. */
  enqueue(waiter: Waiter): void {
    this.#queue.push(waiter);
    if (this.#queue.length === 1) this.#advance();
  }

  /** Takes a request that has not been granted out of the queue. */
  withdraw(waiter: Waiter): void {
    const index = this.#queue.indexOf(waiter);
    if (index === -1) return;
    this.#queue.splice(index, 1);
    this.#advance();
  }

  /** One holder is done (step 7). */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#releasedAt = this.#now();
    const fd = this.#fd;
    if (fd === undefined) return;
    if (this.#queue.length === 0) {
      // Closing the last descriptor releases the lock; LOCK_UN before it frees those who may have inherited a copy.
      this.#fd = undefined;
      quietly(() => syscalls.unflock(fd));
      syscalls.close(fd);
      return;
    }
    syscalls.unflock(fd);
    this.#wait = undefined;
    this.#advance();
  }

  /** Grants what can be granted, then arranges the next try. */
  #advance(): void {
    this.#stopTimer();
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
    this.#wait = undefined;
    this.#turnstile.leave();
    if (this.#holders === 0) this.#closeDescriptor();
  }

  #arrangeNextTry(): void {
    const head = this.#queue[0];
    // Only the end of our own hold can help an exclusive request, or a shared one behind an exclusive hold.
    if (this.#holders > 0 && !(this.#mode === 'shared' && head?.mode === 'shared')) return;
    this.#wait ??= { since: this.#now(), steppedUpAt: undefined, tries: 0, stillFor: 0 };
    const delay = nextDelay(this.#wait, this.#now());
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

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Steps 2 to 6 for one request. */
  #attempt(mode: LockMode): boolean {
    if (this.#holders > 0) {
      if (this.#mode !== 'shared' || mode !== 'shared' || this.#mustYield(mode)) return false;
      this.#holders += 1;
      return true;
    }
    if (this.#mustYield(mode) && !this.#mayPass(mode)) return false;
    if (!this.#tryKernel(mode)) {
      this.#stepUp();
      return false;
    }
    this.#turnstile.leave();
    this.#freeSince = undefined;
    this.#wait = undefined;
    this.#mode = mode;
    this.#holders = 1;
    return true;
  }

  /** Step 3: whether somebody else is next. */
  #mustYield(mode: LockMode): boolean {
    const occupant = this.#turnstile.look();
    this.#noteMovement(occupant);
    if (occupant === undefined) return false;
    const now = this.#now();
    if (this.#passed?.mark === occupant.mark && now < this.#passed.until) return false;
    const inTurn = mode === 'exclusive' && this.#wait === undefined && now - this.#releasedAt < SAME_TURN_MS;
    return !(inTurn && now - occupant.seenAt < TURN_MS);
  }

  /** A line that moves is worth looking at often. */
  #noteMovement(occupant: Occupant | undefined): void {
    const moved = occupant?.mark !== this.#mark;
    this.#mark = occupant?.mark;
    if (this.#wait === undefined) return;
    this.#wait.stillFor = moved ? 0 : this.#wait.stillFor + 1;
    if (moved) this.#freeSince = undefined;
  }

  /** Step 3, the second exception. The lock is ours for the moment of this look, as it is of any try. */
  #mayPass(mode: LockMode): boolean {
    const occupant = this.#turnstile.look();
    if (occupant === undefined || this.#wait === undefined) return false;
    const now = this.#now();
    if (now - occupant.seenAt < PASS_AFTER_MS / 4) return false;
    if (!this.#tryKernel(mode)) {
      this.#freeSince = undefined;
      return false;
    }
    if (this.#fd !== undefined) syscalls.unflock(this.#fd);
    this.#freeSince ??= now;
    if (now - this.#freeSince < PASS_AFTER_MS) return false;
    this.#passed = { mark: occupant.mark, until: now + IGNORED_MS };
    return true;
  }

  /** Step 5. */
  #stepUp(): void {
    const wait = this.#wait;
    if (wait === undefined || wait.steppedUpAt !== undefined) return;
    if (this.#now() - wait.since < 1) return;
    if (this.#turnstile.enter() === 'entered') wait.steppedUpAt = this.#now();
  }

  #tryKernel(mode: LockMode): boolean {
    for (;;) {
      this.#fd ??= openLockFile(this.#sidecar.path, this.#sidecar.dataStats);
      const attempt = tryLockFileAt(this.#fd, this.#sidecar.path, mode);
      if (attempt !== 'replaced') return attempt === 'held';
      this.#closeDescriptor();
    }
  }

  #closeDescriptor(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    quietly(() => syscalls.close(fd));
  }
}
