// @ts-check
// The sections of docs/benchmarks.md that hold figures. A section whose report is missing says so.

import { chartsOf } from '../charts/charts.mjs';
import { judge } from '../check/judge.mjs';
import { EXPECTED } from '../expected.mjs';
import { PEER_HEAD, peerRow } from '../peers/table.mjs';
import { SIZES } from '../strategies/in-process.mjs';
import { median, significant } from '../support/ratios.mjs';
import { peerResults, strategyResults } from './figures.mjs';
import { chart, table } from './markdown.mjs';

/**
 * @typedef {import('./figures.mjs').Reports} Reports
 * @typedef {import('../../dist/bench/report/report.js').BenchCell} BenchCell
 * @typedef {import('../growth.mjs').Size} Size
 */

/** Loads that stand in the page as a table; the charts show all of them. */
const SHOWN_LOADS = [
  { processes: 8, reads: 95, keys: 1 },
  { processes: 8, reads: 50, keys: 1 },
  { processes: 8, reads: 95, keys: 1_000 },
];

/** @param {Reports} reports */
export function targetsSection(reports) {
  const rows = EXPECTED.flatMap((expected) => {
    const { ratios, complaints } = judge(expected, reports[expected.bench]);
    return [
      ...ratios.map(({ name, ratio, unit, target, met }) => [
        name,
        expected.bench,
        `${significant(ratio)} ${unit}`,
        'min' in target ? `>= ${target.min}` : `<= ${target.max}`,
        met ? 'met' : '**missed**',
      ]),
      ...complaints.map((complaint) => [complaint, expected.bench, '-', '-', '**missed**']),
    ];
  });
  return table(['target', 'benchmark', 'median', 'wanted', ''], rows);
}

/** @param {Reports} reports */
export function strategiesSection(reports) {
  const report = reports['strategies'];
  if (report === undefined) return notRun('bench');
  const { inProcess, cells } = strategyResults(report);
  const titles = [...new Set(inProcess.map(({ contender, operation }) => `${operation}, ${contender}`))].sort();
  const rows = titles.map((title) => {
    const of = inProcess.filter(({ contender, operation }) => `${operation}, ${contender}` === title);
    const figure = (/** @type {number} */ bytes) => of.find((row) => row.bytes === bytes)?.p50 ?? Number.NaN;
    return [title, ...SIZES.map((bytes) => significant(figure(bytes)))];
  });
  return [
    'One operation in one process, microseconds, medians. Names without `cache-` are the file functions. Caches store bytes here and have no tier in memory, but for the memory hit, which is an object of 1 KB.',
    table(['', ...SIZES.map((bytes) => `${bytes.toLocaleString('en-US')} B`)], rows),
    'Over processes, values of 1 KB as JSON; `-disk` is a cache with `memory: false`:',
    ...chartsOf(report).map(({ alt, file }) => chart(alt, file)),
    ...SHOWN_LOADS.flatMap((load) => loadTable(cells, load)),
    'p50 to max: microseconds of one operation, reads and writes together. slow/fast: operations of the slowest process to those of the fastest. CPU: seconds of processor time for a million operations. Waits: operations that did not get their lock at once; `proper-lockfile` does not tell. Descriptors: the most that one process had open at the end. Wrong: reads that were empty or torn, and errors.',
  ].join('\n\n');
}

/**
 * @param {BenchCell[]} cells
 * @param {{ processes: number, reads: number, keys: number }} load
 */
function loadTable(cells, { processes, reads, keys }) {
  const chosen = cells.filter((cell) => cell.processes === processes && cell.reads === reads && cell.keys === keys);
  if (chosen.length === 0) return [];
  const head = ['contender', 'op/s', 'p50', 'p95', 'p99', 'max', 'slow/fast', 'CPU', 'waits', 'descriptors', 'wrong'];
  const figure = (/** @type {number | null | undefined} */ value) => significant(value ?? Number.NaN);
  const rows = chosen.map((cell) => [
    cell.contender,
    figure(cell.operationsPerSecond),
    ...[cell.latency.p50, cell.latency.p95, cell.latency.p99, cell.latency.max].map(figure),
    cell.slowestToFastest.toFixed(2),
    figure(cell.cpuSecondsPerMillion),
    figure(cell.lockWaits?.count),
    figure(cell.descriptors),
    figure(cell.empty + cell.torn + cell.errors),
  ]);
  const keyWord = keys === 1 ? 'one key' : `${keys.toLocaleString('en-US')} keys`;
  return [`${processes} processes, ${reads} % reads, ${keyWord}:`, table(head, rows)];
}

/** @param {Reports} reports */
export function peersSection(reports) {
  const report = reports['peers'];
  if (report === undefined) return notRun('bench:peers');
  const peers = peerResults(report);
  const remarks = peers.flatMap(({ name, versions, remark, missing }) => {
    const installed = Object.entries(versions).map(
      ([package_, version]) => `${package_} ${version ?? 'not installed'}`,
    );
    const parts = [...installed, remark, missing === undefined ? undefined : `missing in this run: ${missing}`];
    const told = parts.filter((part) => part !== undefined);
    return told.length === 0 ? [] : [`- \`${name}\`: ${told.join('; ')}.`];
  });
  return [
    'get, set: microseconds of one operation in one process, values of 1 KB as JSON, 1,000 keys. op/s, slow/fast: eight processes, 95 % reads, one key. The rest is correctness, eight processes on one key for some seconds: empty and torn reads with half the operations writes; lost increments, by an operation made for it where there is one, else by a get and a set; how often three cold keys were loaded for 400 callers (3 is right). What one cannot do is a dash. What went wrong was run again with another seed, and `(once)` marks what did not show a second time.',
    table(['contender', ...PEER_HEAD.slice(1)], peers.map(peerRow)),
    ...chartsOf(report).map(({ alt, file }) => chart(alt, file)),
    remarks.join('\n'),
    failures(peers),
    '`holdfast` is a cache with the strategy `rename`, `holdfast:flock` one with `flock`, both with their asynchronous operations; `:sync` are the same with the synchronous ones, `:disk` without the tier in memory.',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/**
 * What the errors said; whoever hung or died.
 *
 * @param {import('./figures.mjs').PeerResult[]} peers
 */
function failures(peers) {
  const lines = peers.flatMap(({ name, correctness }) => {
    if (correctness === null) return [];
    const texts = correctness.runs
      .flatMap(({ reading, counting, stampede }) => [reading, counting, stampede])
      .flatMap((part) => (part === null ? [] : 'failed' in part ? [part.failed] : part.errorMessages));
    const told = [...new Set(texts)].slice(0, 3).map((text) => text.split('\n')[0]);
    return told.length === 0 ? [] : [`- \`${name}\`: ${told.join(' / ')}`];
  });
  return lines.length === 0 ? '' : `What the errors said:\n\n${lines.join('\n')}`;
}

/** @param {Reports} reports */
export function growthSection(reports) {
  const report = reports['growth'];
  if (report === undefined) return notRun('bench:growth');
  const sizes = /** @type {Size[]} */ (report.results);
  const rows = sizes.map(({ entries, uses, prune, verifyMs, diskBytes }) => {
    const of = (/** @type {keyof import('../growth.mjs').Use} */ figure) => median(uses.map((use) => use[figure]));
    return [
      entries.toLocaleString('en-US'),
      significant(of('openMs')),
      significant(of('getMicroseconds')),
      significant(of('setMicroseconds')),
      `${significant(prune.milliseconds)} (${prune.removed.toLocaleString('en-US')})`,
      significant(verifyMs),
      significant(diskBytes / 1e6),
      significant(of('residentBytes') / 1e6),
    ];
  });
  const head = ['entries', 'open ms', 'get us', 'set us', 'prune ms (removed)', 'verify ms', 'disk MB', 'memory MB'];
  return [
    `Strategy \`${report.options['strategy']}\`, values of 1 KB, memory tier off: medians of single operations on keys at random, in a fresh process. Prune removes the tenth that has expired.`,
    table(head, rows),
    ...chartsOf(report).map(({ alt, file }) => chart(alt, file)),
  ].join('\n\n');
}

/** @param {string} script */
function notRun(script) {
  return `Not measured yet: \`npm run ${script}\` does.`;
}
