import Table from 'cli-table3';
import { type Percentiles, type RaceReport, type RaceResult, verdictOf, verdictSentence } from '../../race/index.js';
import { counted, formatCount, NO_BORDERS, type Paint } from '../text/index.js';

const HEAD = ['strategy', 'reads/s', 'writes/s', 'SIGBUS', 'empty', 'torn', 'lost', 'errors', 'read ms', 'write ms'];

/** What was raced, where, and with which seed: all that is needed to repeat it. */
export function raceHeading({ environment, options }: RaceReport): string {
  const { readers, writers, bytes, access, seconds, seed } = options;
  const { node, platform, kernel, arch, cpus, filesystem } = environment;
  return [
    `${counted(readers, 'reader')} (${access}), ${counted(writers, 'writer')}, ${counted(bytes, 'byte')}, ${seconds} s each, seed ${seed}`,
    `Node ${node}, ${platform} ${kernel} ${arch}, ${counted(cpus, 'processor')}, file system ${filesystem}`,
  ].join('\n');
}

/** A row for each strategy. Latencies are median and 99th percentile, in milliseconds. */
export function raceTable({ strategies }: RaceReport, paint: Paint): string {
  const table = new Table({
    head: HEAD.map((title) => paint('bold', title)),
    colAligns: HEAD.map((_title, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: NO_BORDERS,
  });
  table.push(...strategies.map((result) => rowOf(result, paint)));
  return `${table}\nread ms, write ms: median / 99th percentile`;
}

/** One sentence for each strategy. */
export function raceVerdicts({ strategies }: RaceReport, paint: Paint): string {
  return strategies.map((result) => paint(colourOf(result), verdictSentence(result))).join('\n');
}

function rowOf(result: RaceResult, paint: Paint): string[] {
  const { strategy, readsPerSecond, writesPerSecond, sigbus, empty, torn, lost, errors } = result;
  const harm = (count: number) => (count === 0 ? '0' : paint('red', formatCount(count)));
  return [
    strategy,
    formatCount(Math.round(readsPerSecond)),
    formatCount(Math.round(writesPerSecond)),
    ...[sigbus, empty, torn, lost, errors].map(harm),
    latency(result.readLatency),
    latency(result.writeLatency),
  ];
}

function latency({ p50, p99 }: Percentiles): string {
  return p50 === null || p99 === null ? '-' : `${milliseconds(p50)} / ${milliseconds(p99)}`;
}

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(value < 1 ? 3 : 2) : value.toFixed(value < 100 ? 1 : 0);
}

function colourOf(result: RaceResult): 'green' | 'yellow' | 'red' {
  const verdict = verdictOf(result);
  if (verdict === 'clean') return result.strategy === 'naive' ? 'yellow' : 'green';
  return verdict === 'broken' ? 'red' : 'yellow';
}
