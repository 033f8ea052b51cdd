/* When a waiting process tries a lock again: backoff with jitter. All times are milliseconds of a monotonic clock. */

/** Most sections last microseconds: at first a try costs less than the wait for a timer. */
const SPIN_MS = 1;
/**
 * A process that steps up to the turnstile leaves the lock alone for this long: the holder may take it again meanwhile.
 */
const COURTESY_MS = 13;
/** The courtesy ends when no heartbeat has come for this long: then there is no batch to wait for. */
const HEARTBEAT_LASTS_MS = 3;
/** How often a process in a batch sends a heartbeat. */
export const HEARTBEAT_EVERY_MS = 1;
/** The part of the courtesy that others may count on: they may have seen the occupant a little later than it came. */
export const SURE_COURTESY_MS = COURTESY_MS - 1;
/**
 * A process in a batch gives way this long after another one came to the turnstile, unless that one took the lock
 * before.
 */
export const TURN_MS = COURTESY_MS + 2;
/** A lock that was free for this long beside an occupant of the turnstile: the occupant has been descheduled. */
export const PASS_AFTER_MS = 100;
/** The longest time between two tries. */
const LONGEST_DELAY_MS = 50;
/** Away from the turnstile, while its occupants change: the time between two tries at first, and after a long wait. */
const LONGEST_OUTSIDE_MS = 50;
const SHORTEST_OUTSIDE_MS = 14;

/** After this many looks that found the same occupant, the tries become rarer. */
const STILL_LOOKS = 3;

/** A wait under way. */
export interface Wait {
  readonly since: number;
  /** Whether this process saw another one at the turnstile. From then on it does not spin. */
  yielded: boolean;
  /** When this process stepped up to the turnstile; `undefined` while it does not stand there. */
  steppedUpAt: number | undefined;
  /** The last heartbeat of a process in a batch, and when this process first saw it. */
  heartbeat: number | undefined;
  heartbeatSeenAt: number;
  /** How many looks in a row found the same occupant at the turnstile. */
  stillFor: number;
}

/** Whether it is too early to step up to the turnstile: the lock may be free in a moment. */
export function spins(wait: Wait, now: number): boolean {
  return !wait.yielded && now - wait.since < SPIN_MS;
}

/**
 * Whether this process stands at the turnstile and still leaves the lock to another process, which is in the middle of
 * a batch. Only where several processes contend: a process that found the lock taken for the whole first millisecond
 * waits for one long section, not a batch.
 */
export function isCourteous(wait: Wait, now: number): boolean {
  if (!wait.yielded || wait.steppedUpAt === undefined) return false;
  const heardAt = Math.max(wait.steppedUpAt, wait.heartbeatSeenAt);
  return now - wait.steppedUpAt < COURTESY_MS && now - heardAt < HEARTBEAT_LASTS_MS;
}

/**
 * How long to wait before the next try.
 *
 * - In the first millisecond: not at all.
 * - At the turnstile: until the courtesy is over; then not at all for a moment; then a millisecond, and after long
 *   waits an eighth of the time waited. So a lock that is held for seconds costs no processor time, and is still taken
 *   promptly.
 * - Elsewhere: long at first, and shorter the longer the wait has been, so that the processes come nearly in the order
 *   of a queue. It doubles after each look that finds the same occupant at the turnstile. Jitter parts processes that
 *   began together.
 *
 * It is never longer than 50 ms.
 */
export function nextDelay(wait: Wait, now: number, random: () => number = Math.random): number | 'immediate' {
  if (spins(wait, now)) return 'immediate';
  if (wait.steppedUpAt !== undefined) {
    const waited = now - wait.steppedUpAt;
    if (isCourteous(wait, now)) return HEARTBEAT_LASTS_MS / 2;
    if (wait.yielded && waited < COURTESY_MS + 2 * SPIN_MS) return 'immediate';
    return Math.min(LONGEST_DELAY_MS, Math.max(1, waited / 8));
  }
  const pause = Math.max(SHORTEST_OUTSIDE_MS, LONGEST_OUTSIDE_MS - (now - wait.since) / 3);
  const stretch = 2 ** Math.min(6, Math.max(0, wait.stillFor - STILL_LOOKS));
  return Math.min(LONGEST_DELAY_MS, pause * stretch) * (0.5 + random() / 2);
}
