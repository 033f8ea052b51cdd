import { describe, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.mjs';
import { measured, median, ratioOf } from '../../bench/support/ratios.mjs';
import type { BenchReport } from '../../bench/support/report.mjs';

const EXPECTED = { bench: 'peers', script: 'bench:peers', targets: 2 };
const MET = ratioOf('get, to fs', [10, 12, 40, 11, 9], [1, 1, 1, 1, 1], { min: 10 });
const MISSED = measured('open', [19, 21, 22, 18, 30], { max: 20 }, 'ms');

function reportOf(change: Partial<BenchReport> = {}): BenchReport {
  const environment = {} as BenchReport['environment'];
  const options = { rounds: 5, quick: false };
  return { schema: 1, bench: 'peers', environment, options, results: {}, ratios: [MET, MISSED], ...change };
}

describe('judge', () => {
  test('calls each target met or missed by the median of its rounds', () => {
    const { ratios, complaints } = judge(EXPECTED, reportOf());
    expect(ratios.map(({ ratio, met }) => ({ ratio, met }))).toEqual([
      { ratio: 11, met: true },
      { ratio: 21, met: false },
    ]);
    expect(complaints).toEqual([]);
  });

  test('reckons again: a report cannot call itself good', () => {
    const { ratios } = judge(EXPECTED, reportOf({ ratios: [MET, { ...MISSED, ratio: 1, met: true }] }));
    expect(ratios[1]).toMatchObject({ ratio: 21, met: false });
  });

  test.each([
    ['no report', undefined, 'There is no report: npm run bench:peers writes it.'],
    ['another report', reportOf({ bench: 'growth' }), 'The report is of "growth".'],
    ['a quick run', reportOf({ options: { rounds: 5, quick: true } }), 'The report is of a quick run.'],
    ['too few rounds', reportOf({ options: { rounds: 3, quick: false } }), 'The report is of 3 rounds, not 5.'],
    ['targets that are missing', reportOf({ ratios: [MET] }), 'Only 1 of 2 targets were measured.'],
  ])('complains of %s', (_what, report, complaint) => {
    expect(judge(EXPECTED, report).complaints).toEqual([complaint]);
  });

  test('what could not be measured is not met', () => {
    const nothing = measured('nothing', [], { max: 20 }, 'ms');
    const failed = JSON.parse(JSON.stringify(measured('failed', [Number.NaN], { max: 20 }, 'ms')));
    const { ratios } = judge(EXPECTED, reportOf({ ratios: [nothing, failed] }));
    expect(ratios.map(({ met }) => met)).toEqual([false, false]);
  });
});

describe('median', () => {
  test('is the one in the middle, or between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
