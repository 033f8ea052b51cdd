/** The pace at which a waiting process tries again. All times in milliseconds, all from a monotonic clock. */

/** Most sections last microseconds: at first a try costs less than the wait for a timer. */
const SPIN_MS = 1;
/** Who steps up to the turnstile leaves the lock alone for this long: whoever has it may use it again meanwhile. */
const COURTESY_MS = 13;
/** ... as long as he uses it: where there was no sign of life for this long, there is no batch to be courteous to. */
const BEAT_SEEN_MS = 3;
/** How often the process that goes on locking gives a sign of life. */
export const BEAT_MS = 1;
/** The part of it that others can count on, who may have seen him a little later than he came. */
export const SURE_COURTESY_MS = COURTESY_MS - 1;
/** A process that goes on locking beside somebody at the turnstile lets him in after this long, if he did not manage by himself. */
export const TURN_MS = COURTESY_MS + 2;
/** A lock that was free this long with somebody at the turnstile: whoever stands there is not awake. */
export const PASS_AFTER_MS = 100;
const LONGEST_MS = 50;
/** Who has just come looks this seldom at a line that moves, and who has waited for the longest time this often. */
const LONGEST_OUTSIDE_MS = 50;
const SHORTEST_OUTSIDE_MS = 14;

/** As many looks may find the same one at the turnstile before the line counts as standing still. */
const STILL_LOOKS = 3;

/** A wait under way. */
export interface Wait {
  readonly since: number;
  /** Whether this process saw somebody else at the turnstile, and so has no business at the lock. */
  yielded: boolean;
  /** When this process came to stand at the turnstile; `undefined` while it does not. */
  steppedUpAt: number | undefined;
  /** The last sign of life of somebody in a batch, and when this process first saw it. */
  beat: number | undefined;
  beatSeenAt: number;
  /** How many looks in a row found the same occupant at the turnstile. */
  stillFor: number;
}

/** Whether it is too early to line up: the lock may be free in a moment. */
export function spins(wait: Wait, now: number): boolean {
  return !wait.yielded && now - wait.since < SPIN_MS;
}

/**
 * Whether somebody who stands at the turnstile still leaves the lock to another process, which is in the middle of a batch. Only among
 * several who contend: who found the lock taken through all of the first millisecond waits for one long section.
 */
export function waitsPolitely(wait: Wait, now: number): boolean {
  if (!wait.yielded || wait.steppedUpAt === undefined) return false;
  return now - wait.steppedUpAt < COURTESY_MS && now - Math.max(wait.steppedUpAt, wait.beatSeenAt) < BEAT_SEEN_MS;
}

/**
 * When to try again. Before the first millisecond is over: at once. At the turnstile: when the courtesy is over, then at once for a
 * moment, then every millisecond, and after long waits every eighth of the time waited, so that a lock held for seconds
 * costs no processor and is still taken promptly. Elsewhere: seldom at first and more often the longer the wait has been, which makes
 * of those who wait nearly a queue; half as often after each look that finds the line standing still. Never less than every
 * 50 ms, and with jitter, so that processes that began together part.
 */
export function nextDelay(wait: Wait, now: number, random: () => number = Math.random): number | 'immediate' {
  if (spins(wait, now)) return 'immediate';
  if (wait.steppedUpAt !== undefined) {
    const waited = now - wait.steppedUpAt;
    if (waitsPolitely(wait, now)) return BEAT_SEEN_MS / 2;
    if (wait.yielded && waited < COURTESY_MS + 2 * SPIN_MS) return 'immediate';
    return Math.min(LONGEST_MS, Math.max(1, waited / 8));
  }
  const pause = Math.max(SHORTEST_OUTSIDE_MS, LONGEST_OUTSIDE_MS - (now - wait.since) / 3);
  const stretch = 2 ** Math.min(6, Math.max(0, wait.stillFor - STILL_LOOKS));
  return Math.min(LONGEST_MS, pause * stretch) * (0.5 + random() / 2);
}
