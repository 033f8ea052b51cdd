// @ts-check
// What every benchmark program does around its measuring: arguments, a folder of its own, the machine, the report.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeEnvironment } from '../../dist/race/environment.js';
import { openWorkspace } from '../../dist/race/workspace.js';
import { describeRatios } from './ratios.mjs';

/**
 * @typedef {import('./ratios.mjs').Ratio} Ratio
 * @typedef {{ directory?: string | undefined, json: string | undefined, rounds: number, quick: boolean }} BenchOptions
 *   `json`: where the report goes, nowhere where `undefined`
 * @typedef {import('../../dist/race/environment.js').RaceEnvironment} Environment
 * @typedef {{ schema: 1, bench: string, environment: Environment, options: Record<string, unknown>, results: unknown, ratios: Ratio[] }} BenchReport
 */

/** Where the reports of full runs go, one for each benchmark: `npm run bench:check` and `npm run bench:docs` read them there. */
export const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/**
 * Runs a benchmark from its arguments to its report: `--directory DIR` (where the files are, default: the folder for temporary files),
 * `--rounds N` (5), `--quick` (short times: a look, not a result), `--json FILE` (default: bench/results/<name>.json, with `--quick`
 * none), and options of its own.
 *
 * Wrong use ends it with 2 and a sentence, Ctrl-C with 130; its folder is removed in any case. Missed targets are printed and end it
 * with 0: to judge is the work of `npm run bench:check`.
 *
 * @param {string} name
 * @param {(context: BenchOptions & { folder: string, environment: Environment, own: Record<string, string> }) =>
 *   Promise<{ options?: Record<string, unknown>, results: unknown, ratios: Ratio[] }>} measure
 * @param {Record<string, string>} [own] options that only this benchmark has, with their defaults, all of them strings
 */
export async function runBench(name, measure, own = {}) {
  const { options, ownOptions } = parse(name, own);
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  const workspace = openWorkspace(options.directory);
  try {
    const environment = describeEnvironment(workspace.path);
    console.log(`${heading(environment)}\n`);
    const measured = await measure({ ...options, folder: workspace.path, environment, own: ownOptions });
    const { rounds, quick } = options;
    /** @type {BenchReport} */
    const report = {
      schema: 1,
      bench: name,
      environment,
      options: { rounds, quick, ...ownOptions, ...measured.options },
      results: measured.results,
      ratios: measured.ratios,
    };
    if (report.ratios.length > 0) console.log(`\n${describeRatios(report.ratios).join('\n')}`);
    if (options.json !== undefined) writeReport(options.json, report);
  } finally {
    workspace.remove();
  }
}

/** @param {Environment} environment */
export function heading({ node, platform, kernel, arch, cpus, cpuModel, filesystem, versions }) {
  const packages = Object.entries(versions).filter(([, version]) => version !== null);
  return [
    `Node ${node}, ${platform} ${kernel} ${arch}, ${cpus} processors (${cpuModel.trim()}), file system ${filesystem}`,
    packages.map(([name, version]) => `${name} ${version}`).join(', '),
  ].join('\n');
}

/**
 * @param {string} file
 * @param {BenchReport} report
 */
export function writeReport(file, report) {
  const path = resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nreport: ${path}`);
}

/**
 * @param {string} file
 * @returns {BenchReport}
 */
export function readReport(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  if (report.schema !== 1) throw new Error(`${file}: expected a report with "schema": 1.`);
  return report;
}

/**
 * @param {string} name
 * @param {Record<string, string>} own
 * @returns {{ options: BenchOptions, ownOptions: Record<string, string> }}
 */
function parse(name, own) {
  try {
    /** @type {Record<string, { type: 'string' }>} */
    const ownConfig = Object.fromEntries(Object.keys(own).map((key) => [key, { type: 'string' }]));
    const parsed = parseArgs({
      options: {
        ...ownConfig,
        directory: { type: 'string' },
        json: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
      },
    });
    /** @type {Record<string, string | boolean | undefined>} */
    const values = parsed.values;
    const quick = values['quick'] === true;
    const rounds = Number(values['rounds'] ?? (quick ? 3 : 5));
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds expects a whole number from 1 on.');
    const { directory, json = quick ? undefined : `${RESULTS}${name}.json` } = values;
    const ownValues = Object.keys(own).map((key) => [key, String(values[key] ?? own[key])]);
    return {
      options: {
        directory: directory === undefined ? undefined : String(directory),
        json: json === undefined ? undefined : String(json),
        rounds,
        quick,
      },
      ownOptions: Object.fromEntries(ownValues),
    };
  } catch (error) {
    console.error(`bench:${name}: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}
