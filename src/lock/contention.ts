import type { LockMode } from '../os/flock.js';
import { wallClock } from '../os/timers.js';
import {
  HEARTBEAT_EVERY_MS,
  isCourteous,
  nextDelay,
  PASS_AFTER_MS,
  SURE_COURTESY_MS,
  spins,
  TURN_MS,
  type Wait,
} from './backoff.js';
import type { LockDescriptor } from './descriptor.js';
import type { Occupant, Turnstile } from './turnstile.js';

/** A process that released the lock this recently and asks again is in the middle of its turn. */
const SAME_TURN_MS = 2;
/** Inside a batch the sidecar's path is looked at again only after this long. */
const VERIFIED_MS = 2;
/** An occupant that was passed because it had been descheduled is not waited for again during this time. */
const IGNORED_MS = 1_000;

/**
 * How this thread contends with other processes: whether it may try the lock now, and when to try again (steps 3 to 6
 * of LockQueue).
 */
export class Contention {
  readonly #turnstile: Turnstile;
  readonly #lock: LockDescriptor;
  readonly #now: () => number;
  #wait: Wait | undefined;
  #releasedAt = Number.NEGATIVE_INFINITY;
  #verifiedAt = Number.NEGATIVE_INFINITY;
  /**
   * The occupant of the turnstile at the last look, by its mark, and since when the lock has been seen free beside it.
   */
  #mark: string | undefined;
  #freeSince: number | undefined;
  #passed: { mark: string; until: number } | undefined;
  /** Until when the occupant of the turnstile leaves the lock alone; 0 where there is none. */
  #courtesyEnds = 0;
  #heartbeatAt = Number.NEGATIVE_INFINITY;

  constructor(turnstile: Turnstile, lock: LockDescriptor, now: () => number) {
    this.#turnstile = turnstile;
    this.#lock = lock;
    this.#now = now;
  }

  /** Whether another process was waiting at the last look. */
  get othersWait(): boolean {
    return this.#mark !== undefined;
  }

  /**
   * Whether an exclusive request belongs to a batch: this process released the lock a moment ago, another one stands at
   * the turnstile, and the courtesy of that one lasts. Then the lock is tried on the descriptor that is still open, and
   * nothing is looked at before: that is what makes a batch cheaper than to hand the lock over.
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

  /** No request of this thread waits any more. */
  end(): void {
    this.#wait = undefined;
    this.#turnstile.leave();
  }

  /** The lock was just released. */
  released(): void {
    this.#releasedAt = this.#now();
  }

  /** How long to wait before the next try. */
  nextDelay(): number | 'immediate' {
    return nextDelay(this.#currentWait(), this.#now());
  }

  /** Whether another process stands at the turnstile: then readers do not join a shared hold. */
  anotherIsNext(): boolean {
    return this.#observe() !== undefined;
  }

  /** Steps 3 to 6. True: this process holds the lock. */
  tryLock(mode: LockMode): boolean {
    const batch = mode === 'exclusive' && this.inBatch && this.#lock.tryOpen(mode);
    if (!batch && !(this.#isMyTurn(mode) && this.#tryKernel(mode))) return false;
    if (mode === 'exclusive' && this.#mark !== undefined) this.#sendHeartbeat();
    this.end();
    this.#freeSince = undefined;
    return true;
  }

  #isMyTurn(mode: LockMode): boolean {
    const before = this.#mark;
    const occupant = this.#observe();
    const now = this.#now();
    // The occupant has gone: it has the lock or had it, and the turn of this process is over.
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
    this.#readHeartbeat(wait, now);
    return !isCourteous(wait, now);
  }

  /**
   * Tells the occupant of the turnstile that this process is in a batch, through the sidecar's time of modification.
   */
  #sendHeartbeat(): void {
    const now = this.#now();
    if (now - this.#heartbeatAt < HEARTBEAT_EVERY_MS) return;
    this.#heartbeatAt = now;
    this.#lock.stamp(wallClock() / 1000);
  }

  #readHeartbeat(wait: Wait, now: number): void {
    const heartbeat = this.#lock.readStamp();
    if (wait.heartbeat !== undefined && heartbeat !== wait.heartbeat) wait.heartbeatSeenAt = now;
    wait.heartbeat = heartbeat;
  }

  #currentWait(): Wait {
    this.#wait ??= {
      since: this.#now(),
      yielded: false,
      steppedUpAt: undefined,
      heartbeat: undefined,
      heartbeatSeenAt: Number.NEGATIVE_INFINITY,
      stillFor: 0,
    };
    return this.#wait;
  }

  /** The other process at the turnstile, if there is one; notes whether that has changed since the last look. */
  #observe(): Occupant | undefined {
    const occupant = this.#turnstile.occupant();
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

  /** Step 3, the second exception. A lock that is free is taken for the moment of this look, and given up again. */
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
