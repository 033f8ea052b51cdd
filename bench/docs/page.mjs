// @ts-check
// docs/benchmarks.md as text, from the reports and nothing else.
import { EXPECTED } from '../expected.mjs';
import { heading } from '../support/report.mjs';
import { advice } from './advice.mjs';
import { table } from './markdown.mjs';
import { growthSection, peersSection, strategiesSection, targetsSection } from './sections.mjs';

/**
 * @param {import('./figures.mjs').Reports} reports
 * @returns {string}
 */
export function benchmarksPage(reports) {
  return `# Benchmarks

This page is made by \`npm run bench:docs\` from the reports under [bench/results/](../bench/results/); a test compares the two.
Every figure is of one machine and one disk, at one time:

${machines(reports)}

## Which strategy should I use?

${advice(reports)
  .map((line, index) => `${index + 1}. ${line}`)
  .join('\n')}

## The strategies against each other

${strategiesSection(reports)}

## Beside what people would pick instead

${peersSection(reports)}

## A cache that grows

${growthSection(reports)}

## Targets

What holdfast wants to reach, and whether it did in these runs. A ratio (\`times\`) is to a baseline of the same round; the
median of the rounds decides. \`npm run bench:check\` reckons this from the reports, and ends with 1 where one is missed.

${targetsSection(reports)}

## How to repeat it

${table(['command', 'writes', 'what it asks'], commands())}

Each takes \`-- --quick\` for a look that is no result, \`-- --directory DIR\` for another disk, \`-- --output FILE\` for another place
for its report, \`-- --rounds N\`. \`npm run bench:check -- --run\` runs all that have targets, one after the other.
\`npx holdfast bench --directory DIR\` is the second part of \`npm run bench\`, for those who have installed the package and want
to know it of _their_ disk.

Close everything else first. On a machine that does other work, latencies beyond the median show that work.

## What it does not show

- **Other machines.** With more processors more of the processes really run at the same time: reads without a lock gain,
  writers on one key do not. On a disk that is slower to make files, \`rename\` loses and \`flock\` does not.
- **Power failures.** Nothing here is flushed (\`flush: false\`), nor is that of the file-backed peers; lmdb waits for the disk,
  better-sqlite3 in WAL with NORMAL does not. What a strategy keeps over a crash is in the README.
- **A cold page cache.** Everything that is read has been read or written a moment before.
- **Long lives.** Fragmentation, full disks, and entries that come and go for months are not in it.
- **Your values.** They are JSON of 1 KB here, and bytes where it says so. Where parsing costs more than reading, it decides.
- **What a peer is for.** Some do things that holdfast does not: cacache finds equal contents, databases have transactions and
  queries, bentocache and unstorage speak to many stores. Each was opened as its documentation says, and not tuned.
`;
}

/** @param {import('./figures.mjs').Reports} reports */
function machines(reports) {
  const headings = Object.values(reports).flatMap((report) =>
    report === undefined ? [] : [heading(report.environment)],
  );
  const different = [...new Set(headings)];
  return different.length === 0
    ? 'nothing has been measured yet.'
    : different.map((text) => `    ${text.replaceAll('\n', '\n    ')}`).join('\n\n');
}

function commands() {
  const own = [['`npm run bench`', 'strategies.json', 'the strategies against each other']];
  const others = EXPECTED.map(({ script, bench, asks }) => [`\`npm run ${script}\``, `${bench}.json`, asks]);
  return [...own, ...others];
}
