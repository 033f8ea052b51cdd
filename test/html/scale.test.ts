import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { count, duration, roundDuration, shortCount } from '../../src/html/numbers.js';
import { decadeScale, linearScale, roundedScale } from '../../src/html/scale.js';

describe('scales', () => {
  test('have round numbers', () => {
    expect(linearScale(3_010).ticks.map(({ value }) => value)).toEqual([0, 1_000, 2_000, 3_000]);
    expect(linearScale(0.7, 5).ticks.map(({ value }) => value)).toEqual([0, 0.2, 0.4, 0.6]);
    expect(roundedScale(71, 3).ticks.map(({ value }) => value)).toEqual([0, 50, 100]);
    expect(decadeScale(0.011, 70).ticks.map(({ value }) => value)).toEqual([0.01, 0.1, 1, 10, 100]);
    expect(decadeScale(1, 1).ticks.map(({ value }) => value)).toEqual([1, 10]);
    expect(linearScale(0).ticks.map(({ value }) => value)[0]).toBe(0);
  });

  test('place every value between their ends, in order', () => {
    const values = fc.double({ min: 1e-6, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(values, values, (one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        for (const scale of [linearScale(more), roundedScale(more), decadeScale(less, more)]) {
          const places = [scale.at(less), scale.at(more), ...scale.ticks.map(({ at }) => at)];
          for (const place of places) expect(place >= 0 && place <= 1).toBe(true);
          expect(scale.at(less)).toBeLessThanOrEqual(scale.at(more));
          expect(scale.ticks.length).toBeGreaterThan(1);
          expect(scale.ticks.length).toBeLessThan(25);
        }
      }),
    );
  });
});

test('numbers have units, and as many digits as one can read', () => {
  expect([0, 0.0116, 0.459, 4.98, 49.5, 999, 999.9, 3_012].map(duration)).toEqual([
    '0 ms',
    '11.6 µs',
    '459 µs',
    '4.98 ms',
    '49.5 ms',
    '999 ms',
    '1.00 s',
    '3.01 s',
  ]);
  expect([0, 0.01, 1, 100, 2_500].map(roundDuration)).toEqual(['0', '10 µs', '1 ms', '100 ms', '2.5 s']);
  expect([0, 950, 1_500, 20_000, 1_500_000].map(shortCount)).toEqual(['0', '950', '1.5k', '20k', '1.5M']);
  expect(count(1_234_567)).toBe('1,234,567');
});
