// @ts-check
// Whether a cache gets slower, or a process larger, as entries become many.
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { FileCache } from '../dist/index.js';
import { measured, median, ratioOf, significant } from './support/ratios.mjs';

const PROBE = fileURLToPath(new URL('./cache-probe.mjs', import.meta.url));
const FEW = 1_000;

/** @typedef {{ openMs: number, getUs: number, setUs: number, memoryMb: number }} Probe what one new process measured */

/**
 * A cache of 1,000 entries beside one of `many`: each round asks a new process for each, for what a process does not know yet when
 * it begins is part of the answer.
 *
 * @param {string} folder
 * @param {number} rounds
 * @param {number} many
 * @param {unknown} value
 */
export async function measureGrowth(folder, rounds, many, value) {
  await fill(`${folder}/few`, FEW, value);
  await fill(`${folder}/many`, many, value);
  /** @type {Probe[]} */
  const few = [];
  /** @type {Probe[]} */
  const large = [];
  for (let round = 0; round < rounds; round += 1) {
    few.push(probe(`${folder}/few`, FEW));
    large.push(probe(`${folder}/many`, many));
  }
  const label = many.toLocaleString('en-US');
  printTable([
    [FEW.toLocaleString('en-US'), few],
    [label, large],
  ]);
  const times = (/** @type {keyof Probe} */ figure, /** @type {number} */ most) =>
    ratioOf(`${figure} with ${label} entries / with 1,000`, of(large, figure), of(few, figure), { max: most });
  return {
    results: { few: { entries: FEW, probes: few }, many: { entries: many, probes: large } },
    ratios: [
      measured(`open with ${label} entries`, of(large, 'openMs'), { max: 20 }, 'ms'),
      times('getUs', 1.5),
      times('setUs', 1.5),
      times('memoryMb', 1.1),
    ],
  };
}

/**
 * @param {string} directory
 * @param {number} entries
 * @param {unknown} value
 */
async function fill(directory, entries, value) {
  const started = performance.now();
  const cache = new FileCache({ directory });
  for (let index = 0; index < entries; index += 1) cache.setSync(`user:${index}`, value);
  await cache.close();
  const seconds = significant((performance.now() - started) / 1_000);
  console.log(`${entries === FEW ? '\n' : ''}${entries.toLocaleString('en-US')} entries made in ${seconds} s`);
}

/**
 * @param {string} directory
 * @param {number} entries
 * @returns {Probe}
 */
function probe(directory, entries) {
  return JSON.parse(execFileSync(process.execPath, [PROBE, directory, String(entries)], { encoding: 'utf8' }));
}

/**
 * @param {Probe[]} probes
 * @param {keyof Probe} figure
 */
function of(probes, figure) {
  return probes.map((one) => one[figure]);
}

/** @param {[string, Probe[]][]} rows */
function printTable(rows) {
  const figures = /** @type {const} */ (['openMs', 'getUs', 'setUs', 'memoryMb']);
  console.log(['entries', ...figures].map((title) => title.padStart(12)).join(''));
  for (const [label, probes] of rows) {
    const cells = figures.map((figure) => significant(median(of(probes, figure))));
    console.log([label, ...cells].map((cell) => cell.padStart(12)).join(''));
  }
}
