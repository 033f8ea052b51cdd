// @ts-check
// What each contender does wrong when many processes share it.
import { measureCounting, measureStampede } from '../../dist/bench/run/correctness.js';
import { measureCell } from '../../dist/bench/run/measure-cell.js';
import { MODULE } from './speed.mjs';

/**
 * @typedef {import('./peers.mjs').Peer} Peer
 * @typedef {import('./speed.mjs').Plan} Plan
 * @typedef {object} Run
 * @property {{ reads: number, empty: number, torn: number, errors: number, errorMessages: readonly string[] } | { failed: string }} reading
 *   half reads, half writes, one key
 * @property {import('../../dist/bench/run/correctness.js').Counting | { failed: string } | null} counting
 * @property {import('../../dist/bench/run/correctness.js').Stampede | { failed: string } | null} stampede `null`: it has no operation for that
 * @typedef {'empty' | 'torn' | 'lost' | 'errors' | 'stampede'} Failure
 * @typedef {{ runs: Run[], shownTwice: Failure[], shownOnce: Failure[] }} Correctness
 */

const { signal: never } = new AbortController();

/**
 * Runs everything once; where something goes wrong, once more with another seed. Only what went wrong both times is a finding.
 *
 * @param {Peer} peer
 * @param {Plan} plan
 * @returns {Promise<Correctness>}
 */
export async function measureCorrectness(peer, plan) {
  const first = await runOnce(peer, plan);
  const wrong = failuresOf(first);
  if (wrong.length === 0) return { runs: [first], shownTwice: [], shownOnce: [] };
  const second = await runOnce(peer, { ...plan, seed: plan.seed + 1 });
  const again = failuresOf(second);
  const shownTwice = wrong.filter((failure) => again.includes(failure));
  const either = [...new Set([...wrong, ...again])];
  return { runs: [first, second], shownTwice, shownOnce: either.filter((failure) => !shownTwice.includes(failure)) };
}

/**
 * @param {Peer} peer
 * @param {Plan} plan
 * @returns {Promise<Run>}
 */
async function runOnce(peer, plan) {
  const load = { ...plan, contender: peer.inProcesses ?? peer.name, module: MODULE, reads: 50, keys: 1 };
  return {
    reading: await orFailed(async () => {
      const { operations, empty, torn, errors, errorMessages } = await measureCell(load, plan.folder, never);
      return { reads: operations, empty, torn, errors, errorMessages };
    }),
    counting: peer.counting === undefined ? null : await orFailed(() => measureCounting(load, plan.folder, never)),
    stampede: peer.loads === true ? await orFailed(() => measureStampede(load, plan.folder, never)) : null,
  };
}

/**
 * @param {Run} run
 * @returns {Failure[]}
 */
function failuresOf({ reading, counting, stampede }) {
  /** @type {Failure[]} */
  const failures = [];
  const parts = [reading, counting, stampede];
  if ('empty' in reading && reading.empty > 0) failures.push('empty');
  if ('torn' in reading && reading.torn > 0) failures.push('torn');
  if (counting !== null && 'lost' in counting && counting.lost > 0) failures.push('lost');
  if (stampede !== null && 'loads' in stampede && stampede.loads > stampede.coldKeys) failures.push('stampede');
  if (parts.some((part) => part !== null && ('failed' in part || part.errors > 0))) failures.push('errors');
  return failures;
}

/**
 * A contender that hangs or dies has failed; the others are still to be measured.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T | { failed: string }>}
 */
async function orFailed(work) {
  try {
    return await work();
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
