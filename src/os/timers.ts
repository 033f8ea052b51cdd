import * as perfHooks from 'node:perf_hooks';
import * as timers from 'node:timers';
import * as promises from 'node:timers/promises';

/*
 * The timers that waiting depends on, as they were when this module was loaded. Test runners and browser simulations put others into
 * their place later, in the globals and in what node:timers exports (vi.useFakeTimers, sinon.useFakeTimers, jsdom): a clock that stands
 * still until a test moves it would let a wait for another process never end, and timers of jsdom are numbers without `unref`. So nothing
 * in this package uses the globals of these names; the linter sees to it.
 *
 * `Date.now()` is not among them, and is read at the call: when an entry expires is for a test to say.
 */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = timers;

/** Resolves after so many milliseconds. */
export const { setTimeout: delay, setImmediate: nextTurn } = promises;

/** Milliseconds, fractions included, of a clock that nobody sets. Of this thread only: it begins at 0 (`monotonicMs` is everybody's). */
export const monotonicNow: () => number = perfHooks.performance.now.bind(perfHooks.performance);

/** CLOCK_MONOTONIC as [seconds, nanoseconds]. */
export const hrtime: () => [number, number] = process.hrtime.bind(process);

/** Milliseconds since 1970 of the machine's clock, where a faked one would tell other processes nothing. */
export const wallClock: () => number = Date.now.bind(Date);
