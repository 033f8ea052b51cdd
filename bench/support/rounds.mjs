// @ts-check
// Measuring candidates beside each other: what the machine does meanwhile meets all of them alike.
import { performance } from 'node:perf_hooks';

/**
 * Runs all candidates in each round, beginning with another one each time, and gives their figures by name.
 *
 * @template {string} Name
 * @param {number} rounds
 * @param {Record<Name, () => number | Promise<number>>} candidates each measures itself once
 * @param {(round: number, name: Name) => void} [onMeasure]
 * @returns {Promise<Record<Name, number[]>>}
 */
export async function interleave(rounds, candidates, onMeasure) {
  const names = /** @type {Name[]} */ (Object.keys(candidates));
  const figures = /** @type {Record<Name, number[]>} */ ({});
  for (const name of names) figures[name] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let index = 0; index < names.length; index += 1) {
      const name = /** @type {Name} */ (names[(index + round) % names.length]);
      onMeasure?.(round, name);
      figures[name].push(await candidates[name]());
    }
  }
  return figures;
}

/** Long enough for the compiler to be done with a small function. */
const WARM_UP_SHARE = 0.25;
/** Of so many calls the time is taken at once: a look at the clock costs as much as a memory hit. */
const BATCH = 64;

/**
 * Nanoseconds that one call takes, in a loop of about `milliseconds`; a quarter of that goes before, unmeasured.
 *
 * @param {number} milliseconds
 * @param {(index: number) => unknown} call
 */
export function nanosecondsOf(milliseconds, call) {
  loop(milliseconds * WARM_UP_SHARE, call);
  return loop(milliseconds, call);
}

/**
 * The same for a call that gives a promise, which is awaited before the next.
 *
 * @param {number} milliseconds
 * @param {(index: number) => Promise<unknown>} call
 */
export async function nanosecondsOfAsync(milliseconds, call) {
  await loopAsync(milliseconds * WARM_UP_SHARE, call);
  return loopAsync(milliseconds, call);
}

/**
 * @param {number} milliseconds
 * @param {(index: number) => unknown} call
 */
function loop(milliseconds, call) {
  const start = performance.now();
  let now = start;
  let calls = 0;
  while (now - start < milliseconds) {
    for (let index = 0; index < BATCH; index += 1) call(calls + index);
    calls += BATCH;
    now = performance.now();
  }
  return ((now - start) * 1e6) / calls;
}

/**
 * @param {number} milliseconds
 * @param {(index: number) => Promise<unknown>} call
 */
async function loopAsync(milliseconds, call) {
  const start = performance.now();
  let now = start;
  let calls = 0;
  while (now - start < milliseconds) {
    for (let index = 0; index < BATCH; index += 1) await call(calls + index);
    calls += BATCH;
    now = performance.now();
  }
  return ((now - start) * 1e6) / calls;
}

/** Candidates take turns this often within a round: what slows the machine down for a moment meets them all. */
const SLICE_MS = 5;

/**
 * Nanoseconds per call of each candidate, for each round. In a round the candidates take turns in short slices, until each has had
 * `milliseconds`; one round goes before, unmeasured. A call that gives a promise is awaited before the next.
 *
 * @template {string} Name
 * @param {number} rounds
 * @param {number} milliseconds
 * @param {Record<Name, { call: (index: number) => unknown, kind: 'sync' | 'async' }>} candidates
 * @returns {Promise<Record<Name, number[]>>}
 */
export async function takeTurns(rounds, milliseconds, candidates) {
  const names = /** @type {Name[]} */ (Object.keys(candidates));
  const figures = /** @type {Record<Name, number[]>} */ ({});
  for (const name of names) figures[name] = [];
  for (let round = -1; round < rounds; round += 1) {
    const spent = names.map(() => ({ nanoseconds: 0, calls: 0 }));
    for (let turn = 0; turn * SLICE_MS < milliseconds; turn += 1) {
      for (const [index, name] of names.entries()) {
        const { call, kind } = candidates[name];
        const slice = kind === 'sync' ? sliceOf(call) : await sliceOfAsync(call);
        const sum = spent[index];
        if (sum === undefined) continue;
        sum.nanoseconds += slice.nanoseconds;
        sum.calls += slice.calls;
      }
    }
    if (round >= 0) {
      names.forEach((name, index) => {
        const { nanoseconds = Number.NaN, calls = 1 } = spent[index] ?? {};
        figures[name].push(nanoseconds / calls);
      });
    }
  }
  return figures;
}

/** Of so many calls in a slice the time is taken at once. */
const CALLS_PER_LOOK = 16;

/** @param {(index: number) => unknown} call */
function sliceOf(call) {
  const start = performance.now();
  let calls = 0;
  let now = start;
  for (; now - start < SLICE_MS; now = performance.now()) {
    for (let index = 0; index < CALLS_PER_LOOK; index += 1) call(calls + index);
    calls += CALLS_PER_LOOK;
  }
  return { nanoseconds: (now - start) * 1e6, calls };
}

/** @param {(index: number) => unknown} call */
async function sliceOfAsync(call) {
  const start = performance.now();
  let calls = 0;
  let now = start;
  for (; now - start < SLICE_MS; now = performance.now()) {
    for (let index = 0; index < CALLS_PER_LOOK; index += 1) await call(calls + index);
    calls += CALLS_PER_LOOK;
  }
  return { nanoseconds: (now - start) * 1e6, calls };
}
