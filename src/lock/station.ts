import { performance } from 'node:perf_hooks';
import { quietly } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { syscalls } from '../os/syscalls.js';
import { nextDelay, PASS_AFTER_MS, SURE_COURTESY_MS, spins, TURN_MS, type Wait, waitsPolitely } from './pace.js';
import { type OpenLockFile, openLockFile, type Sidecar, standsAt, tryLockFileAt } from './sidecar.js';
import { type Occupant, Turnstile } from './turnstile.js';

/** One request that has not been granted yet. */
export interface Waiter {
  readonly mode: LockMode;
  granted(): void;
  failed(error: unknown): void;
}

/** A process that released the lock this recently and asks again is in the middle of its turn. */
const SAME_TURN_MS = 2;
/** A sidecar that stood at its path this short a time ago, locked by the same descriptor, is not looked at again inside a batch. */
const VERIFIED_MS = 2;
/** An occupant that was passed because it did not move is not waited for again during this time. */
const IGNORED_MS = 1_000;

/** The stations of this thread that hold their lock, by inode. */
const holding = new Map<number, Station>();

/**
 * How the lock of one sidecar is shared out. Inside this thread: one queue, first come, first served. Towards other
 * processes: the station asks as one party, for the request at the head of its queue.
 *
 * The protocol of a request:
 * 1. Others of this thread wait already: to the end of the queue. Nobody overtakes.
 * 2. This thread holds the shared lock, and a shared one is wanted: join it, unless somebody stands at the turnstile; a
 *    stream of readers that join each other would keep a writer out for good.
 * 3. Somebody else stands at the turnstile: do not touch the lock. Two exceptions. Who is in the middle of its turn may go on
 *    until TURN_MS after the other one came: handing over at every release costs more than the work. And where the
 *    lock was seen free for PASS_AFTER_MS, whoever stands there is asleep: go past.
 * 4. Try the kernel's lock, without blocking, at once and then on setImmediate for the first millisecond (but not where it has just
 *    gone to the one who was next). Granted: to this request and to the shared ones right behind it.
 * 5. Not granted: step up to the turnstile as soon as it is free, and wait there on timers (pace.ts). An exclusive request leaves the
 *    lock alone at first, so that the process that has it can finish a batch; then it tries often.
 * 6. Granted: leave the turnstile at once, so that the next one can step up.
 * 7. Released by the last holder: unlock, and begin again with 3 for the head of the queue.
 */
export class Station {
  readonly sidecar: Sidecar;
  readonly #turnstile: Turnstile;
  readonly #now: () => number;
  readonly #queue: Waiter[] = [];
  #file: OpenLockFile | undefined;
  #closing = false;
  #mode: LockMode = 'shared';
  #holders = 0;
  #releasedAt = Number.NEGATIVE_INFINITY;
  #wait: Wait | undefined;
  #cancelTimer: (() => void) | undefined;
  /** The mark of whoever stood at the turnstile at the last look, and since when the lock was seen free beside it. */
  #mark: string | undefined;
  #freeSince: number | undefined;
  #verifiedAt = Number.NEGATIVE_INFINITY;
  /** Until when whoever stands at the turnstile leaves the lock alone; 0 when nobody does. */
  #courtesyEnds = 0;
  #passed: { mark: string; until: number } | undefined;

  constructor(sidecar: Sidecar, now: () => number = () => performance.now()) {
    this.sidecar = sidecar;
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

  /**
   * Whether the next exclusive request needs no look around: this process released the lock a moment ago, another one has come to
   * the turnstile since, and the courtesy of that one lasts. Then the lock is only tried, on the descriptor that is still
   * open; that is what makes a turn worth its while.
   */
  get inBatch(): boolean {
    if (this.#file === undefined || this.#holders > 0 || this.#queue.length > 0) return false;
    const now = this.#now();
    return now < this.#courtesyEnds && now - this.#releasedAt < SAME_TURN_MS && now - this.#verifiedAt < VERIFIED_MS;
  }

  /** The station of this thread that holds the same lock under another name. Asked right after a try that failed. */
  holderElsewhere: Station | undefined;

  /** Takes the lock if that needs no wait (steps 1 to 4). What follows a refusal is `enqueue` or `turnAway`. */
  tryNow(mode: LockMode): boolean {
    this.holderElsewhere = undefined;
    if (this.#queue.length > 0) return false;
    this.#wait = undefined;
    if (this.#attempt(mode)) return true;
    this.holderElsewhere = this.#otherHolder();
    return false;
  }

  /** Ends a request that was refused and does not wait. */
  turnAway(): void {
    if (this.#queue.length === 0) this.#stopWaiting();
  }

  /** Queues a request that was refused; it hears of its end through the waiter. */
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

  /** One holder is done (step 7). */
  release(): void {
    this.#holders -= 1;
    const file = this.#file;
    if (this.#holders > 0 || file === undefined) return;
    this.#releasedAt = this.#now();
    if (holding.get(file.ino) === this) holding.delete(file.ino);
    // Closing would release it too, but not while a child that is being started still has its copy.
    syscalls.unflock(file.fd);
    if (this.#queue.length > 0) this.#advance();
    else if (this.#mark !== undefined) this.#closeSoon();
    else this.#closeDescriptor();
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
    this.#wait = undefined;
    this.#turnstile.leave();
    if (this.#holders === 0) this.#closeDescriptor();
  }

  #arrangeNextTry(): void {
    const head = this.#queue[0];
    // Only the end of our own hold can help an exclusive request, or a shared one behind an exclusive hold.
    if (this.#holders > 0 && !(this.#mode === 'shared' && head?.mode === 'shared')) return;
    const delay = nextDelay(this.#currentWait(), this.#now());
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

  #otherHolder(): Station | undefined {
    if (this.#holders > 0 || this.#file === undefined) return undefined;
    const other = holding.get(this.#file.ino);
    return other !== undefined && other.#file?.dev === this.#file.dev ? other : undefined;
  }

  #currentWait(): Wait {
    this.#wait ??= { since: this.#now(), yielded: false, steppedUpAt: undefined, stillFor: 0 };
    return this.#wait;
  }

  /** Steps 2 to 6 for one request. */
  #attempt(mode: LockMode): boolean {
    if (this.#holders > 0) {
      if (this.#mode !== 'shared' || mode !== 'shared' || !this.#mayJoin()) return false;
      this.#holders += 1;
      return true;
    }
    if (mode === 'exclusive' && this.inBatch && this.#file !== undefined) {
      if (syscalls.tryFlock(this.#file.fd, mode)) return this.#granted(mode);
    }
    return this.#isMyTurn(mode) && this.#tryKernel(mode) && this.#granted(mode);
  }

  #granted(mode: LockMode): true {
    this.#turnstile.leave();
    this.#freeSince = undefined;
    this.#wait = undefined;
    this.#mode = mode;
    this.#holders = 1;
    if (this.#file !== undefined) holding.set(this.#file.ino, this);
    return true;
  }

  /** Step 2. The sidecar may have been removed or its folder swapped for another since it was locked. */
  #mayJoin(): boolean {
    if (this.#look() !== undefined) return false;
    return this.#file !== undefined && standsAt(this.#file, this.sidecar.path);
  }

  /** Steps 3 to 5: whether this request may try the lock now. */
  #isMyTurn(mode: LockMode): boolean {
    const before = this.#mark;
    const occupant = this.#look();
    const now = this.#now();
    // Where whoever was next is not there any more, he has the lock or had it, and the turn of this process is over.
    const turnLost = before !== undefined && occupant?.mark !== before;
    const inTurn = mode === 'exclusive' && !turnLost && now - this.#releasedAt < SAME_TURN_MS;
    if (occupant !== undefined && !this.#passes(occupant, now)) {
      if (inTurn && now - occupant.seenAt < TURN_MS) return true;
      this.#currentWait().yielded = true;
      return this.#lockLiesIdle(occupant, now, mode);
    }
    const wait = turnLost ? this.#currentWait() : this.#wait;
    if (wait === undefined) return true;
    if (turnLost && !wait.yielded) {
      wait.yielded = true;
      return false;
    }
    if (spins(wait, now)) return true;
    if (wait.steppedUpAt === undefined) {
      const entry = this.#turnstile.enter();
      if (entry !== 'entered') return entry === 'unavailable';
      wait.steppedUpAt = now;
    }
    return mode === 'shared' || !waitsPolitely(wait, now);
  }

  /** Who stands at the turnstile, if it is another process. */
  #look(): Occupant | undefined {
    const occupant = this.#turnstile.look();
    this.#courtesyEnds = occupant === undefined ? 0 : occupant.seenAt + SURE_COURTESY_MS;
    const moved = occupant?.mark !== this.#mark;
    this.#mark = occupant?.mark;
    if (moved) this.#freeSince = undefined;
    if (this.#wait !== undefined) this.#wait.stillFor = moved ? 0 : this.#wait.stillFor + 1;
    return occupant;
  }

  #passes(occupant: Occupant, now: number): boolean {
    return this.#passed?.mark === occupant.mark && now < this.#passed.until;
  }

  /** Step 3, the second exception. The lock is ours for the moment of this look, as it is of any try. */
  #lockLiesIdle(occupant: Occupant, now: number, mode: LockMode): boolean {
    if (now - occupant.seenAt < PASS_AFTER_MS / 4) return false;
    if (!this.#tryKernel(mode)) {
      this.#freeSince = undefined;
      return false;
    }
    if (this.#file !== undefined) syscalls.unflock(this.#file.fd);
    this.#freeSince ??= now;
    if (now - this.#freeSince < PASS_AFTER_MS) return false;
    this.#passed = { mark: occupant.mark, until: now + IGNORED_MS };
    return true;
  }

  #tryKernel(mode: LockMode): boolean {
    for (;;) {
      this.#file ??= openLockFile(this.sidecar.path, this.sidecar.dataStats);
      const attempt = tryLockFileAt(this.#file, this.sidecar.path, mode);
      if (attempt === 'held') this.#verifiedAt = this.#now();
      if (attempt !== 'replaced') return attempt === 'held';
      this.#closeDescriptor();
    }
  }

  /** Others wait, so this process may be in the middle of a batch: the next request of this turn of the event loop saves an open. */
  #closeSoon(): void {
    if (this.#closing) return;
    this.#closing = true;
    setImmediate(() => {
      this.#closing = false;
      if (this.idle) this.#closeDescriptor();
    });
  }

  #closeDescriptor(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    quietly(() => syscalls.close(file.fd));
  }
}
