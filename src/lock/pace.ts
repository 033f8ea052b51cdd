/** The pace at which a waiting process tries again. All times in milliseconds, all from a monotonic clock. */

/** Most sections last microseconds: at first a try costs less than the wait for a timer. */
const SPIN_MS = 1;
/** How long a process may go on locking again at will after another one has come to wait. */
export const TURN_MS = 5;
/** A lock that was free this long with somebody at the turnstile: whoever stands there is not awake. */
export const PASS_AFTER_MS = 100;
const LONGEST_MS = 50;
/** Who is not next looks this often at a line that moves. */
const SHORTEST_OUTSIDE_MS = 4;

/** A wait under way. */
export interface Wait {
  readonly since: number;
  /** When this process came to stand at the turnstile; `undefined` while it does not. */
  steppedUpAt: number | undefined;
  tries: number;
  /** How many looks in a row found the same occupant at the turnstile. */
  stillFor: number;
}

/**
 * When to try again. Before the first millisecond is over: at once. At the turnstile: every millisecond, and after long waits every
 * eighth of the time waited, so that a lock held for seconds costs no processor and is still taken promptly. Elsewhere: every few
 * milliseconds while the line moves, twice as seldom at each look that finds it standing still. Never more than 50 ms, with jitter, so that
 * processes that began together do not stay together.
 */
export function nextDelay(wait: Wait, now: number, random: () => number = Math.random): number | 'immediate' {
  if (now - wait.since < SPIN_MS) return 'immediate';
  if (wait.steppedUpAt !== undefined) return Math.min(LONGEST_MS, Math.max(1, (now - wait.steppedUpAt) / 8));
  const pause = Math.min(LONGEST_MS, SHORTEST_OUTSIDE_MS * 2 ** Math.min(10, wait.stillFor));
  return pause * (0.5 + random() / 2);
}
