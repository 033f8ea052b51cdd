import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DurationHistogram, SizeHistogram } from '../../../src/diagnose/watch/histogram.js';

describe('lengths', () => {
  test('are exact while they are few', () => {
    const histogram = new SizeHistogram();
    for (const bytes of [71, 0, 71]) histogram.count(bytes);
    histogram.lasted(71, 3);
    expect(histogram.rows).toEqual([
      { fromBytes: 0, toBytes: 0, times: 1, ms: 0 },
      { fromBytes: 71, toBytes: 71, times: 2, ms: 3 },
    ]);
  });

  test('become powers of two when they are many, and none is lost', () => {
    const sizes = fc.array(fc.nat(1_000_000), { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(sizes, (all) => {
        const histogram = new SizeHistogram();
        for (const bytes of all) {
          histogram.count(bytes);
          histogram.lasted(bytes, 2);
        }
        const { rows } = histogram;
        expect(rows.length).toBeLessThanOrEqual(24);
        for (const { fromBytes, toBytes, times, ms } of rows) {
          const within = all.filter((bytes) => bytes >= fromBytes && bytes <= toBytes).length;
          expect({ times, ms }).toEqual({ times: within, ms: 2 * within });
        }
        expect(rows.reduce((sum, { times }) => sum + times, 0)).toBe(all.length);
        expect(rows.filter(({ toBytes }, index) => toBytes >= (rows[index + 1]?.fromBytes ?? Infinity))).toEqual([]);
      }),
    );
  });
});

test('durations are counted by powers of ten, without empty rows around them', () => {
  const histogram = new DurationHistogram();
  expect(histogram.rows).toEqual([]);
  for (const ms of [0.02, 0.05, 3, 0.1]) histogram.count(ms);
  expect(histogram.rows).toEqual([
    { underMs: 0.1, count: 2 },
    { underMs: 1, count: 1 },
    { underMs: 10, count: 1 },
  ]);
  histogram.count(60_000);
  expect(histogram.rows.at(-1)).toEqual({ underMs: null, count: 1 });
});
