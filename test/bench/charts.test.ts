import { describe, expect, test } from 'vitest';
import { chartsOf } from '../../bench/charts/charts.mjs';
import type { BenchReport } from '../../bench/support/report.mjs';

function reportOf(bench: string, results: unknown): BenchReport {
  const environment = {} as BenchReport['environment'];
  return { schema: 1, bench, environment, options: {}, results, ratios: [] };
}

const SHARING = { processes: 8, operationsPerSecond: 12_345 };

describe('chartsOf', () => {
  test('strategies: a chart for each number of keys, with every contender; what did nothing has no point', () => {
    const cell = { reads: 95, processes: 1, operationsPerSecond: 10 };
    const cells = [
      { ...cell, contender: 'flock', keys: 1 },
      { ...cell, contender: 'rename', keys: 1, operationsPerSecond: 0 },
      { ...cell, contender: 'flock', keys: 1_000 },
    ];
    const charts = chartsOf(reportOf('strategies', { cells }));
    expect(charts.map(({ file }) => file)).toEqual(['strategies-1-keys.svg', 'strategies-1000-keys.svg']);
    expect(charts[0]?.svg).toMatch(/^<svg .*>flock<.*>rename<.*<\/svg>\n$/s);
    expect(charts[1]?.svg).not.toContain('rename');
    expect(charts.map(({ svg }) => svg).join()).not.toMatch(/NaN|Infinity/);
  });

  test('peers: who cannot be shared has no row among those who are', () => {
    const results = [
      { name: 'holdfast', readNanoseconds: [100, 120, 110], writeNanoseconds: [9_000], sharing: [SHARING] },
      { name: 'Map', readNanoseconds: [10], writeNanoseconds: [10], sharing: null },
      { name: 'missing', readNanoseconds: null, writeNanoseconds: null, sharing: null },
    ];
    const [operations, sharing] = chartsOf(reportOf('peers', results));
    expect(operations?.svg).toContain('>Map<');
    expect(operations?.svg).toContain('>0.11<');
    expect(sharing?.svg).toContain('>12,345<');
    expect(sharing?.svg).not.toContain('>Map<');
  });

  test('a report that has none gives none', () => {
    expect(chartsOf(reportOf('locks', {}))).toEqual([]);
  });
});
