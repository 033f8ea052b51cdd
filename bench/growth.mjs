// @ts-check
// npm run bench:growth: what a cache costs as it grows. A directory for each size, all there at once, so that rounds go over all of them.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Table from 'cli-table3';
import { NO_BORDERS } from '../dist/cli/text/table.js';
import { displayProgress } from './support/progress.mjs';
import { measured, median, ratioOf, significant } from './support/ratios.mjs';
import { runBench, wrongUse } from './support/report.mjs';

/**
 * @typedef {{ openMs: number, getMicroseconds: number, setMicroseconds: number, residentBytes: number }} Use
 * @typedef {object} Size
 * @property {number} entries
 * @property {number} fillMs
 * @property {Use[]} uses a process for each
 * @property {{ milliseconds: number, removed: number }} prune
 * @property {number} verifyMs
 * @property {number} diskBytes
 */

const SIZES = '1000,10000,100000,1000000';
const WORKER = fileURLToPath(new URL('./growth/worker.mjs', import.meta.url));
const run = promisify(execFile);
const ending = new AbortController();
// Before the one that removes the folder: nobody should be making files in it by then.
process.prependListener('exit', () => ending.abort());

await runBench(
  'growth',
  async ({ rounds, quick, folder, own }) => {
    const sizes = quick && own['sizes'] === SIZES ? [1_000, 10_000] : parseSizes(String(own['sizes']));
    const strategy = String(own['strategy']);
    const progress = displayProgress();
    /** @param {number} entries */
    const directoryOf = (entries) => `${folder}/cache-${entries}`;
    let step = 0;
    /**
     * @param {number} entries
     * @param {string} task
     */
    const work = async (entries, task, seed = 1) => {
      progress.show(step, sizes.length * (rounds + 3), `${task}, ${entries.toLocaleString('en-US')} entries`);
      step += 1;
      const args = [WORKER, directoryOf(entries), strategy, String(entries), task, String(seed)];
      return JSON.parse((await run(process.execPath, args, { signal: ending.signal })).stdout);
    };

    /** @type {Size[]} */
    const results = [];
    for (const entries of sizes) {
      const { milliseconds } = await work(entries, 'fill');
      const nothing = { milliseconds: Number.NaN, removed: 0 };
      results.push({
        entries,
        fillMs: milliseconds,
        uses: [],
        prune: nothing,
        verifyMs: Number.NaN,
        diskBytes: Number.NaN,
      });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const size of results) size.uses.push(await work(size.entries, 'use', round));
    }
    for (const size of results) {
      size.diskBytes = await diskUse(directoryOf(size.entries));
      const { milliseconds, report } = await work(size.entries, 'verify');
      if (report.entries !== size.entries || report.found > 0) {
        throw new Error(`verify found ${JSON.stringify(report)} where there are ${size.entries} entries.`);
      }
      size.verifyMs = milliseconds;
      size.prune = await work(size.entries, 'prune');
      // A million files are slow to remove: with the bar still running.
      await rm(directoryOf(size.entries), { recursive: true });
    }
    progress.end();
    print(results);
    return { options: { strategy, sizes }, results, ratios: targets(results) };
  },
  { sizes: SIZES, strategy: 'rename' },
);

/** @param {readonly Size[]} results */
function print(results) {
  const table = new Table({
    head: ['entries', 'open ms', 'get us', 'set us', 'prune ms (removed)', 'verify ms', 'disk MB', 'memory MB'],
    colAligns: Array(8).fill('right'),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: { ...NO_BORDERS },
  });
  for (const { entries, uses, prune, verifyMs, diskBytes } of results) {
    const of = (/** @type {keyof Use} */ figure) => median(uses.map((use) => use[figure]));
    table.push([
      entries.toLocaleString('en-US'),
      significant(of('openMs')),
      significant(of('getMicroseconds')),
      significant(of('setMicroseconds')),
      `${significant(prune.milliseconds)} (${prune.removed.toLocaleString('en-US')})`,
      significant(verifyMs),
      significant(diskBytes / 1e6),
      significant(of('residentBytes') / 1e6),
    ]);
  }
  console.log(`\n${table}\n`);
  console.log('get, set: medians of single operations on keys at random, in a fresh process; prune: one entry in ten.');
}

/**
 * The slope of a cost is the power of the number of entries that it grows by: 0 not at all, 1 linear.
 *
 * @param {readonly Size[]} results
 */
function targets(results) {
  const smallest = results[0];
  const largest = results.at(-1);
  if (smallest === undefined || largest === undefined || smallest === largest) return [];
  const title = `${smallest.entries.toLocaleString('en-US')} to ${largest.entries.toLocaleString('en-US')} entries`;
  const of = (/** @type {Size} */ size, /** @type {keyof Use} */ figure) => size.uses.map((use) => use[figure]);
  const growth = (/** @type {string} */ name, /** @type {keyof Use} */ figure, /** @type {number} */ max) =>
    ratioOf(`${name}, ${title}`, of(largest, figure), of(smallest, figure), { max });
  const slope =
    Math.log(largest.prune.milliseconds / smallest.prune.milliseconds) /
    Math.log(largest.prune.removed / smallest.prune.removed);
  return [
    growth('get', 'getMicroseconds', 1.5),
    growth('set', 'setMicroseconds', 1.5),
    growth('memory of a process', 'residentBytes', 1.1),
    measured(`open, ${largest.entries.toLocaleString('en-US')} entries`, of(largest, 'openMs'), { max: 20 }, 'ms'),
    measured(`prune, slope against what it removes, ${title}`, [slope], { max: 1.1 }, 'times'),
  ];
}

/** @param {string} text */
function parseSizes(text) {
  const sizes = text.split(',').map(Number);
  // One in ten expires, and four thousand operations are to hit more than a handful of them.
  if (sizes.every((size, index) => Number.isInteger(size) && size >= 100 && size > (sizes[index - 1] ?? 0)))
    return sizes;
  throw wrongUse(`--sizes expects whole numbers from 100 on, growing, with commas between them, not ${text}.`);
}

/**
 * Bytes that a folder takes on the disk, by du(1).
 *
 * @param {string} path
 */
async function diskUse(path) {
  const { stdout } = await run('du', ['-s', '--block-size=1', path]);
  return Number.parseInt(stdout, 10);
}
