import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { benchmarksPage } from '../../bench/docs/page.mjs';
import { readReports } from '../../bench/docs/reports.mjs';
import { measured } from '../../bench/support/ratios.mjs';
import type { BenchReport } from '../../bench/support/report.mjs';

const PAGE = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');

describe('docs/benchmarks.md', () => {
  test('is what the committed reports give: npm run bench:docs makes it anew', () => {
    expect(PAGE).toBe(benchmarksPage(readReports()));
  });

  test('gives advice in ten lines', () => {
    expect(PAGE.match(/^\d+\. \*\*/gm)).toHaveLength(10);
  });

  test('says of what was not measured that it was not', () => {
    const page = benchmarksPage({});
    expect(page).toContain('Not measured yet: `npm run bench` does.');
    expect(page).toContain('There is no report: npm run bench:peers writes it.');
    expect(page).not.toMatch(/NaN|undefined|null/);
  });

  test('a figure that is no number is a dash, and its target is missed', () => {
    const growth: BenchReport = {
      schema: 1,
      bench: 'growth',
      environment: { versions: {}, cpuModel: 'a processor' } as BenchReport['environment'],
      options: { rounds: 5, quick: false, strategy: 'rename' },
      results: [],
      ratios: JSON.parse(JSON.stringify([measured('open', [Number.NaN], { max: 20 }, 'ms')])),
    };
    expect(benchmarksPage({ growth })).toMatch(/\| open \| growth \| - ms \| <= 20 \| \*\*missed\*\* \|/);
  });
});
