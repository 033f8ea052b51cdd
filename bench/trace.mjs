// @ts-check
// npm run bench:trace: what the trace costs a program, for each call on a watched and on an unwatched file. Prints figures; asserts nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { filesystemKind } from '../dist/os/filesystem.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    calls: { type: 'string', default: '3000' },
    bytes: { type: 'string', default: '71' },
  },
});
const rounds = Number(values.rounds);
const program = fileURLToPath(new URL('trace/calls.mjs', import.meta.url));
const entry = new URL('../dist/trace/index.js', import.meta.url).href;
const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));

/** How a call is made: without the trace, with it on a file that nobody watches, on a watched one, and on a watched one under a lock. */
const WAYS = /** @type {const} */ (['plain', 'unwatched', 'watched', 'locked']);
/** @typedef {(typeof WAYS)[number]} Way */
/** @typedef {{ median: number, p95: number, p99: number }} Times microseconds for each call */

console.log(
  `node ${process.version}, Linux ${release()}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()})`,
);
console.log(
  `${filesystemKind(directory)} at ${directory}, ${values.bytes} bytes, ${values.calls} calls each, ${rounds} rounds, alternating\n`,
);

/** @type {Record<Way, Record<string, Times[]>>} */
const results = { plain: {}, unwatched: {}, watched: {}, locked: {} };
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const way of WAYS) {
      for (const [name, times] of Object.entries(run(way))) {
        results[way][name] ??= [];
        results[way][name].push(times);
      }
    }
  }
  print();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/**
 * @param {Way} way
 * @returns {Record<string, Times>}
 */
function run(way) {
  const traced = way === 'plain' ? [] : ['--import', entry];
  const pattern = way === 'unwatched' ? join(directory, '*.other') : join(directory, '*.json');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...traced, program, join(directory, 'data.json'), values.calls, values.bytes, way],
    {
      env: { ...process.env, HOLDFAST_TRACE: pattern, HOLDFAST_TRACE_DIRECTORY: join(directory, way) },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${way}: ${stderr}`);
  return JSON.parse(stdout);
}

function print() {
  const head = ['us for each call', 'plain', 'unwatched', 'watched', 'watched, locked'];
  console.log(
    `Median / 99th percentile of a round, the median of the rounds; behind it what the trace adds to the median\n`,
  );
  const rows = Object.keys(results.plain).map((name) => {
    const plain = times(results.plain[name]);
    const cells = WAYS.slice(1).map((way) => {
      const traced = times(results[way][name]);
      return `${show(traced)}  ${signed(traced.median - plain.median)} (${(traced.median / plain.median).toFixed(1)} x)`;
    });
    return [name, show(plain), ...cells];
  });
  const widths = head.map((_title, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[column] ?? 0) + 2)))
        .join(''),
    );
  }
  const logs = readdirSync(join(directory, 'watched')).map((name) => statSync(join(directory, 'watched', name)).size);
  const bytes = logs.reduce((sum, size) => sum + size, 0) / rounds;
  const calls = Object.keys(results.plain).length * Number(values.calls);
  console.log(`\nThe log takes about ${Math.round(bytes / calls)} bytes for each watched call.`);
}

/**
 * @param {Times[] | undefined} rounds
 * @returns {Times}
 */
function times(rounds = []) {
  return {
    median: median(rounds.map((round) => round.median)),
    p95: median(rounds.map((round) => round.p95)),
    p99: median(rounds.map((round) => round.p99)),
  };
}

/** @param {Times} times */
function show({ median, p99 }) {
  return `${median.toFixed(1)} / ${p99.toFixed(1)}`;
}

/** @param {number} difference */
function signed(difference) {
  return `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(1)}`;
}

/** @param {number[]} numbers */
function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
