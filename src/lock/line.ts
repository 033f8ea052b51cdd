import type { LockMode } from '../os/flock.js';
import { wallClock } from '../os/timers.js';
import type { LockDescriptor } from './descriptor.js';
import {
  BEAT_MS,
  nextDelay,
  PASS_AFTER_MS,
  SURE_COURTESY_MS,
  spins,
  TURN_MS,
  type Wait,
  waitsPolitely,
} from './pace.js';
import type { Occupant, Turnstile } from './turnstile.js';

/** A process that released the lock this recently and asks again is in the middle of its turn. */
const SAME_TURN_MS = 2;
/** A sidecar that stood at its path this short a time ago is not looked at again inside a batch. */
const VERIFIED_MS = 2;
/** An occupant that was passed because it did not move is not waited for again during this time. */
const IGNORED_MS = 1_000;

/** This process among those that want the lock: whether it may try it now, and when to ask again (steps 3 to 6 of Station). */
export class Line {
  readonly #turnstile: Turnstile;
  readonly #lock: LockDescriptor;
  readonly #now: () => number;
  #wait: Wait | undefined;
  #releasedAt = Number.NEGATIVE_INFINITY;
  #verifiedAt = Number.NEGATIVE_INFINITY;
  /** The mark of whoever stood at the turnstile at the last look, and since when the lock was seen free beside it. */
  #mark: string | undefined;
  #freeSince: number | undefined;
  #passed: { mark: string; until: number } | undefined;
  /** Until when whoever stands at the turnstile leaves the lock alone; 0 when nobody does. */
  #courtesyEnds = 0;
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(turnstile: Turnstile, lock: LockDescriptor, now: () => number) {
    this.#turnstile = turnstile;
    this.#lock = lock;
    this.#now = now;
  }

  /** Whether others were waiting at the last look. */
  get othersWait(): boolean {
    return this.#mark !== undefined;
  }

  /**
   * Whether an exclusive request needs no look around: this process released the lock a moment ago, another one has come to
   * the turnstile since, and the courtesy of that one lasts. Then the lock is only tried, on the descriptor that is still
   * open; that is what makes a turn worth its while.
   */
  get inBatch(): boolean {
    if (this.#lock.file === undefined) return false;
    const now = this.#now();
    return now < this.#courtesyEnds && now - this.#releasedAt < SAME_TURN_MS && now - this.#verifiedAt < VERIFIED_MS;
  }

  /** A new request comes to the head of the queue. */
  begin(): void {
    this.#wait = undefined;
  }

  /** Nobody of this thread waits any more. */
  end(): void {
    this.#wait = undefined;
    this.#turnstile.leave();
  }

  /** The lock was just released. */
  released(): void {
    this.#releasedAt = this.#now();
  }

  /** When to ask again. */
  nextDelay(): number | 'immediate' {
    return nextDelay(this.#currentWait(), this.#now());
  }

  /** Whether somebody stands at the turnstile, so that readers do not join those who have the lock. */
  somebodyIsNext(): boolean {
    return this.#look() !== undefined;
  }

  /** Steps 3 to 6. True: the lock is this process's. */
  tryLock(mode: LockMode): boolean {
    const batch = mode === 'exclusive' && this.inBatch && this.#lock.tryOpen(mode);
    if (!batch && !(this.#isMyTurn(mode) && this.#tryKernel(mode))) return false;
    if (mode === 'exclusive' && this.#mark !== undefined) this.#giveSignOfLife();
    this.end();
    this.#freeSince = undefined;
    return true;
  }

  #isMyTurn(mode: LockMode): boolean {
    const before = this.#mark;
    const occupant = this.#look();
    const now = this.#now();
    // Where whoever was next is not there any more, he has the lock or had it, and the turn of this process is over.
    const turnLost = before !== undefined && occupant?.mark !== before;
    if (occupant !== undefined && !this.#ignores(occupant, now)) {
      const inTurn = mode === 'exclusive' && !turnLost && now - this.#releasedAt < SAME_TURN_MS;
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
    if (mode === 'shared') return true;
    this.#lookForSignOfLife(wait, now);
    return !waitsPolitely(wait, now);
  }

  /** Tells whoever stands at the turnstile, through the sidecar's time of modification, that this process is in a batch. */
  #giveSignOfLife(): void {
    const now = this.#now();
    if (now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    this.#lock.stamp(wallClock() / 1000);
  }

  #lookForSignOfLife(wait: Wait, now: number): void {
    const beat = this.#lock.readStamp();
    if (wait.beat !== undefined && beat !== wait.beat) wait.beatSeenAt = now;
    wait.beat = beat;
  }

  #currentWait(): Wait {
    this.#wait ??= {
      since: this.#now(),
      yielded: false,
      steppedUpAt: undefined,
      beat: undefined,
      beatSeenAt: Number.NEGATIVE_INFINITY,
      stillFor: 0,
    };
    return this.#wait;
  }

  /** Who stands at the turnstile, if it is another process. */
  #look(): Occupant | undefined {
    const occupant = this.#turnstile.look();
    const moved = occupant?.mark !== this.#mark;
    this.#mark = occupant?.mark;
    this.#courtesyEnds = occupant === undefined ? 0 : occupant.seenAt + SURE_COURTESY_MS;
    if (moved) this.#freeSince = undefined;
    if (this.#wait !== undefined) this.#wait.stillFor = moved ? 0 : this.#wait.stillFor + 1;
    return occupant;
  }

  #ignores(occupant: Occupant, now: number): boolean {
    return this.#passed?.mark === occupant.mark && now < this.#passed.until;
  }

  /** Step 3, the second exception. The lock is ours for the moment of this look, as it is of any try. */
  #lockLiesIdle(occupant: Occupant, now: number, mode: LockMode): boolean {
    if (now - occupant.seenAt < PASS_AFTER_MS / 4) return false;
    if (!this.#tryKernel(mode)) {
      this.#freeSince = undefined;
      return false;
    }
    this.#lock.unlock();
    this.#freeSince ??= now;
    if (now - this.#freeSince < PASS_AFTER_MS) return false;
    this.#passed = { mark: occupant.mark, until: now + IGNORED_MS };
    return true;
  }

  #tryKernel(mode: LockMode): boolean {
    if (!this.#lock.try(mode)) return false;
    this.#verifiedAt = this.#now();
    return true;
  }
}
