// @ts-check
// The results of bench:peers as text: for the terminal, and for docs/benchmarks.md.
import Table from 'cli-table3';
import { NO_BORDERS } from '../../dist/cli/text/table.js';
import { median, significant } from '../support/ratios.mjs';

/**
 * @typedef {import('../peers.mjs').PeerResult} PeerResult
 * @typedef {import('./correctness.mjs').Failure} Failure
 */

export const PEER_HEAD = ['', 'get', 'set', 'op/s', 'slow/fast', 'empty', 'torn', 'lost', 'loads', 'errors'];

/** @param {readonly PeerResult[]} peers */
export function printPeers(peers) {
  const table = new Table({
    head: PEER_HEAD,
    colAligns: PEER_HEAD.map((_title, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: { ...NO_BORDERS },
  });
  table.push(...peers.map(peerRow));
  console.log(`\n${table}\n`);
  console.log('get, set: microseconds, in one process. op/s, slow/fast: many processes, one key, 95 % reads.');
  console.log('empty to errors: many processes, one key; (once): it did not show a second time.');
  for (const { name, missing } of peers) {
    if (missing !== undefined) console.log(`${name} is missing here: ${missing}`);
  }
}

/**
 * What cannot be done is a dash, not a zero.
 *
 * @param {PeerResult} peer
 * @returns {string[]}
 */
export function peerRow({ name, readNanoseconds, writeNanoseconds, sharing, correctness }) {
  const microseconds = (/** @type {number[] | null} */ rounds) =>
    rounds === null ? '-' : significant(median(rounds) / 1_000);
  const ofCells = (/** @type {(cell: NonNullable<PeerResult['sharing']>[number]) => number} */ figure) =>
    sharing === null ? '-' : significant(median(sharing.map(figure)));
  return [
    name,
    microseconds(readNanoseconds),
    microseconds(writeNanoseconds),
    ofCells((cell) => cell.operationsPerSecond),
    ofCells((cell) => cell.slowestToFastest),
    ...failureColumns(correctness),
  ];
}

/** @param {PeerResult['correctness']} correctness */
function failureColumns(correctness) {
  if (correctness === null) return ['-', '-', '-', '-', '-'];
  const { runs, shownOnce } = correctness;
  /** The run that shows most of it: of what did not show a second time, the first to show it. */
  const worst = (/** @type {Failure} */ failure, /** @type {(run: typeof runs[number]) => number | null} */ figure) => {
    const figures = runs.map(figure).filter((value) => value !== null);
    if (figures.length === 0) return '-';
    return `${significant(Math.max(...figures))}${shownOnce.includes(failure) ? ' (once)' : ''}`;
  };
  return [
    worst('empty', ({ reading }) => ('empty' in reading ? reading.empty : null)),
    worst('torn', ({ reading }) => ('torn' in reading ? reading.torn : null)),
    lostOf(correctness),
    worst('stampede', ({ stampede }) => (stampede !== null && 'loads' in stampede ? stampede.loads : null)),
    errorsOf(correctness),
  ];
}

/**
 * `94 of 135`, of the run that lost most.
 *
 * @param {NonNullable<PeerResult['correctness']>} correctness
 */
function lostOf({ runs, shownOnce }) {
  const countings = runs.flatMap(({ counting }) => (counting !== null && 'lost' in counting ? [counting] : []));
  const [worst] = countings.sort((a, b) => b.lost / b.increments - a.lost / a.increments);
  if (worst === undefined) return '-';
  const once = shownOnce.includes('lost') ? ' (once)' : '';
  return `${worst.lost.toLocaleString('en-US')} of ${worst.increments.toLocaleString('en-US')}${once}`;
}

/**
 * Rejected operations, and `hung` where an operation did not come to an end.
 *
 * @param {NonNullable<PeerResult['correctness']>} correctness
 */
function errorsOf({ runs, shownOnce }) {
  const parts = runs.map(({ reading, counting, stampede }) => [reading, counting, stampede]);
  const counts = parts.map((run) =>
    run.reduce((sum, part) => sum + (part !== null && 'errors' in part ? part.errors : 0), 0),
  );
  const failed = parts.every((run) => run.some((part) => part !== null && 'failed' in part));
  const once = shownOnce.includes('errors') ? ' (once)' : '';
  return `${Math.max(...counts).toLocaleString('en-US')}${failed ? ', and failed' : ''}${once}`;
}
