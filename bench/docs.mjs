// @ts-check
// npm run bench:docs: writes docs/benchmarks.md, and the charts beside the reports, from the reports under bench/results/.
import { writeFileSync } from 'node:fs';
import { writeCharts } from './charts/charts.mjs';
import { benchmarksPage } from './docs/page.mjs';
import { readReports } from './docs/reports.mjs';
import { RESULTS } from './support/report.mjs';

const reports = readReports();
for (const report of Object.values(reports)) if (report !== undefined) writeCharts(report, RESULTS);
const page = new URL('../docs/benchmarks.md', import.meta.url);
writeFileSync(page, benchmarksPage(reports));
console.log(
  `${page.pathname}: from ${
    Object.keys(reports)
      .filter((name) => reports[name] !== undefined)
      .join(', ') || 'nothing'
  }`,
);
