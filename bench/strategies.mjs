// @ts-check
// npm run bench: the strategies against each other, in one process, and over many with the driver of `holdfast bench`.
import Table from 'cli-table3';
import { BENCH_DEFAULTS, QUICK_BENCH, runBench as runContention } from '../dist/bench/index.js';
import { benchTables } from '../dist/cli/commands/bench-table.js';
import { displayBenchProgress } from '../dist/cli/progress/bench-progress.js';
import { NO_BORDERS } from '../dist/cli/text/table.js';
import { measureInProcess, SIZES } from './strategies/in-process.mjs';
import { displayProgress } from './support/progress.mjs';
import { significant } from './support/ratios.mjs';
import { positive, runBench } from './support/report.mjs';

const SEED = 1;

await runBench(
  'strategies',
  async ({ quick, folder, directory, own }) => {
    const bar = displayProgress();
    const inProcess = await measureInProcess(folder, quick ? 40 : 300, bar.show);
    bar.end();
    printInProcess(inProcess);

    const progress = displayBenchProgress(process.stderr);
    const lists = quick ? QUICK_BENCH : { ...BENCH_DEFAULTS, contenders: undefined, seconds: positive(own, 'seconds') };
    const contention = await runContention({ ...lists, seed: SEED, directory, onProgress: progress.show });
    progress.end();
    console.log(benchTables(contention, (_format, text) => text).join('\n\n'));
    const { options, cells } = contention;
    return { options: { ...options }, results: { inProcess, cells }, ratios: [] };
  },
  { seconds: '1' },
);

/** @param {import('./strategies/in-process.mjs').Row[]} rows */
function printInProcess(rows) {
  const table = new Table({
    head: ['microseconds, median', ...SIZES.map((bytes) => `${bytes.toLocaleString('en-US')} B`)],
    colAligns: ['left', ...SIZES.map(() => /** @type {const} */ ('right'))],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: { ...NO_BORDERS },
  });
  const titles = [...new Set(rows.map(({ contender, operation }) => `${operation}, ${contender}`))].sort();
  for (const title of titles) {
    const of = rows.filter(({ contender, operation }) => `${operation}, ${contender}` === title);
    const column = (/** @type {number} */ bytes) => of.find((row) => row.bytes === bytes)?.p50;
    table.push([title, ...SIZES.map((bytes) => significant(column(bytes) ?? Number.NaN))]);
  }
  console.log(`${table}\n`);
}
