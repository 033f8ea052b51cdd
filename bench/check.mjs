// @ts-check
// npm run bench:check: compares the reports under bench/results/ with their targets. `-- --run` makes them anew first, one benchmark after
// the other; `-- --only peers,growth` looks at some. Ends with 0 where every target is met, with 1 where one is not or was not measured.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judge } from './check/judge.mjs';
import { EXPECTED } from './expected.mjs';
import { describeRatios } from './support/ratios.mjs';
import { heading, RESULTS, readReport } from './support/report.mjs';

const { run, chosen } = parse();
let missed = 0;
let met = 0;
let shownHeading = '';
for (const expected of chosen) {
  const file = `${RESULTS}${expected.bench}.json`;
  if (run) runBenchmark(expected.script);
  const report = existsSync(file) ? readReport(file) : undefined;
  if (report !== undefined && heading(report.environment) !== shownHeading) {
    shownHeading = heading(report.environment);
    console.log(shownHeading);
  }
  console.log(`\n${expected.bench}: ${expected.asks}`);
  const { ratios, complaints } = judge(expected, report);
  for (const line of describeRatios(ratios)) console.log(line);
  for (const complaint of complaints) console.log(`MISSED  ${complaint}`);
  met += ratios.filter((ratio) => ratio.met).length;
  missed += ratios.filter((ratio) => !ratio.met).length + complaints.length;
}
console.log(`\n${met} met, ${missed} missed.`);
process.exitCode = missed === 0 ? 0 : 1;

/** @param {string} script */
function runBenchmark(script) {
  const { status, signal } = spawnSync('npm', ['run', script], { stdio: 'inherit' });
  if (signal === 'SIGINT' || status === 130) process.exit(130);
  // Its old report must not pass for the new one.
  if (status !== 0) {
    console.error(`bench:check: npm run ${script} ended with ${signal ?? `status ${status}`}.`);
    process.exit(1);
  }
}

function parse() {
  try {
    const { values } = parseArgs({ options: { run: { type: 'boolean', default: false }, only: { type: 'string' } } });
    const names = values.only?.split(',') ?? EXPECTED.map(({ bench }) => bench);
    const unknown = names.find((name) => !EXPECTED.some(({ bench }) => bench === name));
    if (unknown !== undefined) {
      throw new Error(
        `there is no "${unknown}"; --only expects some of ${EXPECTED.map(({ bench }) => bench).join(',')}.`,
      );
    }
    return { run: values.run, chosen: EXPECTED.filter(({ bench }) => names.includes(bench)) };
  } catch (error) {
    console.error(`bench:check: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}
