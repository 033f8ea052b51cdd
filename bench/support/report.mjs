// @ts-check
// What every benchmark program does around its measuring: arguments, a folder of its own, the machine, the report.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { outputPaths } from '../../dist/cli/reports/output-path.js';
import { ReportFile } from '../../dist/cli/reports/report-file.js';
import { describeEnvironment } from '../../dist/race/report/environment.js';
import { openWorkspace } from '../../dist/race/run/workspace.js';
import { describeRatios } from './ratios.mjs';

/**
 * @typedef {import('./ratios.mjs').Ratio} Ratio
 * @typedef {{ directory?: string | undefined, json: boolean, output: OutputPath | undefined, rounds: number, quick: boolean }} BenchOptions
 *   `json`: the report goes to standard output; `output`: the file that it goes to, none where `undefined`
 * @typedef {import('../../dist/cli/reports/output-path.js').OutputPath} OutputPath
 * @typedef {import('../../dist/race/report/environment.js').RaceEnvironment} Environment
 * @typedef {{ schema: 1, bench: string, environment: Environment, options: Record<string, unknown>, results: unknown, ratios: Ratio[] }} BenchReport
 */

/** Where the reports of full runs go, one for each benchmark: `npm run bench:check` and `npm run bench:docs` read them there. */
export const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/**
 * Runs a benchmark from its arguments to its report: `--directory DIR` (where the files are, default: the folder for temporary files),
 * `--rounds N` (5), `--quick` (short times: a look, not a result), `--output FILE` (default: bench/results/<name>.json, with `--quick`
 * none; charts go beside it), `--json` (the report on standard output, all else on standard error), `--force` (replace a FILE that is no
 * report), and options of its own.
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
  if (options.json) console.log = console.error;
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  let workspace;
  try {
    workspace = openWorkspace(options.directory);
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
    if (options.json) process.stdout.write(textOf(report));
    if (options.output !== undefined) {
      writeReport(options.output, report);
      // The drawing library is loaded only where there is something to draw for.
      (await import('../charts/charts.mjs')).writeCharts(report, dirname(options.output.path));
    }
  } catch (error) {
    // Wrong use, or it cannot be done here; what has no code is a mistake of ours, and shows where.
    if (!(error instanceof Error && 'code' in error)) throw error;
    console.error(`bench:${name}: ${error.message}`);
    process.exitCode = 2;
  } finally {
    workspace?.remove();
  }
}

/**
 * The number that one of a benchmark's own options gives.
 *
 * @param {Record<string, string>} own
 * @param {string} option
 */
export function positive(own, option) {
  const number = Number(own[option]);
  if (Number.isFinite(number) && number > 0) return number;
  throw wrongUse(`--${option} expects a number above 0, not ${JSON.stringify(own[option])}.`);
}

/**
 * What {@link runBench} ends with 2 and this sentence for.
 *
 * @param {string} message
 */
export function wrongUse(message) {
  return Object.assign(new Error(message), { code: 'ERR_INVALID_ARGUMENT' });
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
 * @param {OutputPath} output
 * @param {BenchReport} report
 */
function writeReport(output, report) {
  const file = new ReportFile(output);
  file.append(textOf(report));
  file.commit();
  console.log(`\nreport: ${output.path}`);
}

/** @param {BenchReport} report */
function textOf(report) {
  return `${JSON.stringify(report, null, 2)}\n`;
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
        json: { type: 'boolean', default: false },
        output: { type: 'string' },
        force: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
      },
    });
    /** @type {Record<string, string | boolean | undefined>} */
    const values = parsed.values;
    const quick = values['quick'] === true;
    const rounds = Number(values['rounds'] ?? (quick ? 3 : 5));
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds expects a whole number from 1 on.');
    const { directory, output } = values;
    if (output === undefined && !quick) mkdirSync(RESULTS, { recursive: true });
    const file = output ?? (quick ? undefined : `${RESULTS}${name}.json`);
    const [path] = file === undefined ? [] : outputPaths([String(file)], {}, values['force'] === true);
    const ownValues = Object.keys(own).map((key) => [key, String(values[key] ?? own[key])]);
    return {
      options: {
        directory: directory === undefined ? undefined : String(directory),
        json: values['json'] === true,
        output: path,
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
