// @ts-check
// Looks figures up in reports, for sentences. What was not measured is a dash.
import { median, significant } from '../support/ratios.mjs';

/**
 * @typedef {import('../support/report.mjs').BenchReport} BenchReport
 * @typedef {import('../../dist/bench/report/report.js').BenchCell} BenchCell
 * @typedef {import('../strategies/in-process.mjs').Row} Row
 * @typedef {import('../peers.mjs').PeerResult} PeerResult
 * @typedef {Record<string, BenchReport | undefined>} Reports by the name of the benchmark
 */

/**
 * @param {BenchReport | undefined} report
 * @returns {{ inProcess: Row[], cells: BenchCell[] }}
 */
export function strategyResults(report) {
  return /** @type {any} */ (report?.results ?? { inProcess: [], cells: [] });
}

/**
 * @param {BenchReport | undefined} report
 * @returns {PeerResult[]}
 */
export function peerResults(report) {
  return /** @type {any} */ (report?.results ?? []);
}

/**
 * Microseconds of an operation in one process, by its median.
 *
 * @param {Reports} reports
 * @param {string} contender
 * @param {Row['operation']} operation
 * @param {number} bytes
 */
export function microseconds(reports, contender, operation, bytes) {
  const row = strategyResults(reports['strategies']).inProcess.find(
    (one) => one.contender === contender && one.operation === operation && one.bytes === bytes,
  );
  return row?.p50 ?? Number.NaN;
}

/**
 * Operations per second of one contender under one load.
 *
 * @param {Reports} reports
 * @param {string} contender
 * @param {{ processes: number, reads: number, keys: number }} load
 */
export function perSecond(reports, contender, load) {
  const cell = strategyResults(reports['strategies']).cells.find(
    (one) =>
      one.contender === contender &&
      one.processes === load.processes &&
      one.reads === load.reads &&
      one.keys === load.keys,
  );
  return cell?.operationsPerSecond ?? Number.NaN;
}

/**
 * Microseconds of a get or a set of a contender of bench:peers, in one process.
 *
 * @param {Reports} reports
 * @param {string} name
 * @param {'readNanoseconds' | 'writeNanoseconds'} operation
 */
export function peerMicroseconds(reports, name, operation) {
  const rounds = peerResults(reports['peers']).find((peer) => peer.name === name)?.[operation];
  return rounds ? median(rounds) / 1_000 : Number.NaN;
}

/**
 * `about 4.2 times`, or how it is not known.
 *
 * @param {number} above
 * @param {number} below
 */
export function times(above, below) {
  return Number.isFinite(above / below) ? `${significant(above / below)} times` : '- times';
}
