// @ts-check
// Which charts belong to which report. A report without charts is a table only.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputPaths } from '../../dist/cli/reports/output-path.js';
import { ReportFile } from '../../dist/cli/reports/report-file.js';
import { median, significant } from '../support/ratios.mjs';
import { dots, linePanels } from './svg.mjs';

/**
 * @typedef {import('../support/report.mjs').BenchReport} BenchReport
 * @typedef {import('../../dist/bench/report/report.js').BenchCell} BenchCell
 * @typedef {import('../peers.mjs').PeerResult} PeerResult
 * @typedef {import('../growth.mjs').Size} Size
 * @typedef {{ file: string, alt: string, svg: string }} Chart
 */

/** @type {Record<string, (results: any) => Chart[]>} */
const chartsByBench = { strategies: strategyCharts, peers: peerCharts, growth: growthCharts };

/**
 * The charts of a report.
 *
 * @param {BenchReport} report
 */
export function chartsOf({ bench, results }) {
  return chartsByBench[bench]?.(results) ?? [];
}

/**
 * Writes the charts of a report beside it. Throws where a file of such a name is there that is no drawing.
 *
 * @param {BenchReport} report
 * @param {string} folder
 */
export function writeCharts(report, folder) {
  for (const { file, svg } of chartsOf(report)) {
    const path = join(folder, file);
    const isDrawing = existsSync(path) && readFileSync(path, 'utf8').startsWith('<svg ');
    const [output] = outputPaths([path], {}, isDrawing);
    if (output === undefined) return;
    const chart = new ReportFile(output);
    chart.append(svg);
    chart.commit();
  }
}

/** @param {{ cells: BenchCell[] }} results */
function strategyCharts({ cells }) {
  const processes = [...new Set(cells.map((cell) => cell.processes))];
  return [...new Set(cells.map(({ keys }) => keys))].map((keys) => {
    const contenders = [...new Set(cells.filter((cell) => cell.keys === keys).map(({ contender }) => contender))];
    const shares = [...new Set(cells.map(({ reads }) => reads))];
    const keyWord = keys === 1 ? 'one key' : `${keys.toLocaleString('en-US')} keys`;
    return {
      file: `strategies-${keys}-keys.svg`,
      alt: `Operations per second by number of processes, ${keyWord}`,
      svg: linePanels({
        title: `Operations per second, ${keyWord}`,
        xName: 'processes',
        x: processes.map(String),
        panels: shares.map((reads) => ({
          title: `${reads} % reads`,
          series: contenders.map((contender) => ({
            name: contender,
            data: processes.map((count) => {
              const cell = cells.find(
                (one) =>
                  one.contender === contender && one.processes === count && one.reads === reads && one.keys === keys,
              );
              // A logarithm has no zero.
              return cell === undefined || cell.operationsPerSecond === 0 ? null : cell.operationsPerSecond;
            }),
          })),
        })),
      }),
    };
  });
}

/** @param {PeerResult[]} peers */
function peerCharts(peers) {
  const rows = peers.map(({ name }) => name);
  const microseconds = (/** @type {number[] | null} */ rounds) => (rounds === null ? null : median(rounds) / 1_000);
  const shared = peers.filter(({ sharing }) => sharing !== null);
  const processes = shared[0]?.sharing?.[0]?.processes ?? 0;
  return [
    {
      file: 'peers-operations.svg',
      alt: 'Microseconds of a get and of a set of an existing key, in one process',
      svg: dots({
        title: 'One operation in one process, values of 1 KB',
        xName: 'microseconds, less is better',
        rows,
        series: [
          { name: 'get', data: peers.map((peer) => microseconds(peer.readNanoseconds)) },
          { name: 'set of an existing key', data: peers.map((peer) => microseconds(peer.writeNanoseconds)) },
        ],
        label: significant,
      }),
    },
    {
      file: 'peers-sharing.svg',
      alt: `Operations per second of ${processes} processes on one key, 95 % reads`,
      svg: dots({
        title: `${processes} processes, 95 % reads, one key`,
        xName: 'operations per second, more is better',
        rows: shared.map(({ name }) => name),
        series: [
          {
            name: 'all processes together',
            data: shared.map(({ sharing }) => median((sharing ?? []).map((cell) => cell.operationsPerSecond)) || null),
          },
        ],
        label: significant,
      }),
    },
  ];
}

/** @param {Size[]} sizes */
function growthCharts(sizes) {
  const of = (/** @type {'openMs' | 'getMicroseconds' | 'setMicroseconds'} */ figure) =>
    sizes.map(({ uses }) => median(uses.map((use) => use[figure])));
  return [
    {
      file: 'growth.svg',
      alt: 'What a cache costs by the number of its entries',
      svg: linePanels({
        title: 'A cache that grows',
        xName: 'entries',
        x: sizes.map(({ entries }) => entries.toLocaleString('en-US')),
        panels: [
          {
            title: 'one operation, microseconds',
            series: [
              { name: 'get', data: of('getMicroseconds') },
              { name: 'set', data: of('setMicroseconds') },
            ],
          },
          {
            title: 'the whole cache, milliseconds',
            series: [
              { name: 'open', data: of('openMs') },
              { name: 'prune', data: sizes.map(({ prune }) => prune.milliseconds) },
              { name: 'verify', data: sizes.map(({ verifyMs }) => verifyMs) },
            ],
          },
        ],
      }),
    },
  ];
}
