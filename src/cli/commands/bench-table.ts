import Table from 'cli-table3';
import type { BenchCell, BenchReport } from '../../bench/index.js';
import { loadName } from '../progress/index.js';
import { counted, formatCount, NO_BORDERS, type Paint } from '../text/index.js';

const HEAD = ['', 'op/s', 'p50', 'p95', 'p99', 'max', 'slow/fast', 'CPU s/M', 'lock waits', 'fds', 'wrong'];

/** Where and how it was measured: all that is needed to repeat it. */
export function benchHeading({ environment, options }: BenchReport): string {
  const { node, platform, kernel, arch, cpus, cpuModel, filesystem, versions } = environment;
  const installed = Object.entries(versions).filter(([, version]) => version !== null);
  return [
    `values of ${formatCount(options.bytes)} bytes, ${options.seconds} s each, seed ${options.seed}`,
    `Node ${node}, ${platform} ${kernel} ${arch}, ${counted(cpus, 'processor')} (${cpuModel.trim()}), file system ${filesystem}`,
    installed.map(([name, version]) => `${name} ${version}`).join(', '),
  ].join('\n');
}

/** A table for each load, a row for each contender. */
export function benchTables({ cells }: BenchReport, paint: Paint): string[] {
  const loads = new Map<string, BenchCell[]>();
  for (const cell of cells) loads.set(loadName(cell), [...(loads.get(loadName(cell)) ?? []), cell]);
  const tables = [...loads].map(([load, rows]) => `${paint('bold', load)}\n${tableOf(rows, paint)}`);
  if (tables.length > 0) {
    tables.push(
      paint(
        'dim',
        'p50 to max: microseconds of an operation; slow/fast: operations of the slowest process to the fastest',
      ),
    );
  }
  return tables;
}

/** Whether what was read was right, as one sentence. */
export function benchVerdict({ cells }: BenchReport, paint: Paint): string {
  const wrong = cells.filter((cell) => wrongOf(cell) > 0);
  if (wrong.length === 0) return paint('green', 'Nothing empty, nothing torn, no errors.');
  return wrong
    .map((cell) => {
      const { contender, empty, torn, errors, errorMessages } = cell;
      const told = errorMessages.length > 0 ? ` (${errorMessages.join('; ')})` : '';
      return paint(
        'red',
        `${contender}, ${loadName(cell)}: ${empty} empty, ${torn} torn, ${counted(errors, 'error')}${told}.`,
      );
    })
    .join('\n');
}

function tableOf(cells: readonly BenchCell[], paint: Paint): string {
  const table = new Table({
    head: HEAD.map((title) => paint('dim', title)),
    colAligns: HEAD.map((_title, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: NO_BORDERS,
  });
  table.push(...cells.map((cell) => rowOf(cell, paint)));
  return table.toString();
}

function rowOf(cell: BenchCell, paint: Paint): string[] {
  const { contender, operationsPerSecond, latency, slowestToFastest, cpuSecondsPerMillion, lockWaits } = cell;
  const wrong = wrongOf(cell);
  return [
    contender,
    formatCount(operationsPerSecond),
    ...[latency.p50, latency.p95, latency.p99, latency.max].map(orDash),
    slowestToFastest.toFixed(2),
    orDash(cpuSecondsPerMillion),
    orDash(lockWaits?.count ?? null),
    orDash(cell.descriptors),
    wrong === 0 ? '0' : paint('red', formatCount(wrong)),
  ];
}

function wrongOf({ empty, torn, errors }: BenchCell): number {
  return empty + torn + errors;
}

/** With three significant digits. An unknown value is a dash, not a zero. */
function orDash(number: number | null): string {
  if (number === null) return '-';
  return number >= 100 ? formatCount(Math.round(number)) : String(Number(number.toPrecision(3)));
}
