import * as perfHooks from 'node:perf_hooks';
import * as timers from 'node:timers';
import * as promises from 'node:timers/promises';

/*
 * The timers that waiting depends on, as they were when this module was loaded. Test runners and simulated browsers
 * replace them later, both the globals and what node:timers exports (vi.useFakeTimers, sinon.useFakeTimers, jsdom).
 * With a clock that stands still until a test moves it, a wait for another process would never end; and timers of jsdom
 * are numbers without `unref`. So nothing in this package uses the globals of these names; the linter sees to it.
 *
 * `Date.now()` is read at the call instead: a test may say when an entry expires.
 */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = timers;

/** The longest time that setTimeout takes, some 24 days: a longer one it takes for 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after so many milliseconds. */
export const { setTimeout: delay, setImmediate: nextTurn } = promises;

/**
 * Milliseconds, with fractions, of a clock that nobody can set. It begins at 0 in each thread; `monotonicMs` is the
 * same for all processes.
 */
export const monotonicNow: () => number = perfHooks.performance.now.bind(perfHooks.performance);

/** CLOCK_MONOTONIC as [seconds, nanoseconds]. */
export const hrtime: () => [number, number] = process.hrtime.bind(process);

/** Milliseconds since 1970 of the machine's clock, never of a faked one: other processes compare with it. */
export const wallClock: () => number = Date.now.bind(Date);
