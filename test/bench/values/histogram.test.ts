import { describe, expect, test } from 'vitest';
import { Histogram } from '../../../src/bench/values/histogram.js';

const MICROSECOND_MS = 0.001;

describe('Histogram', () => {
  test('percentiles are off by 1.1 % at most, the longest is exact', () => {
    const histogram = new Histogram();
    for (let microseconds = 1; microseconds <= 10_000; microseconds += 1) histogram.add(microseconds * MICROSECOND_MS);
    const { p50, p95, p99, max } = histogram.latency();
    expect(Math.abs(Number(p50) / 5_000 - 1)).toBeLessThan(0.012);
    expect(Math.abs(Number(p95) / 9_500 - 1)).toBeLessThan(0.012);
    expect(Math.abs(Number(p99) / 9_900 - 1)).toBeLessThan(0.012);
    expect(max).toBe(10_000);
  });

  test('a memory hit and a stalled disk fit into one', () => {
    const histogram = new Histogram();
    for (let count = 0; count < 98; count += 1) histogram.add(0.00005);
    histogram.add(30_000);
    histogram.add(30_000);
    const { p50, p99 } = histogram.latency();
    expect(Math.abs(Number(p50) / 0.05 - 1)).toBeLessThan(0.02);
    expect(Math.abs(Number(p99) / 30e6 - 1)).toBeLessThan(0.02);
  });

  test('what came by message counts as what was counted here', () => {
    const one = new Histogram();
    const other = new Histogram();
    const both = new Histogram();
    for (let index = 1; index < 200; index += 1) {
      (index % 3 === 0 ? one : other).add(index);
      both.add(index);
    }
    const merged = new Histogram();
    merged.merge(JSON.parse(JSON.stringify(one.toMessage())));
    merged.merge(JSON.parse(JSON.stringify(other.toMessage())));
    expect(merged.latency()).toEqual(both.latency());
  });

  test('of nothing there is no percentile; cleared is as new', () => {
    const histogram = new Histogram();
    const nothing = { p50: null, p95: null, p99: null, max: null };
    expect(histogram.latency()).toEqual(nothing);
    histogram.add(1);
    histogram.clear();
    expect(histogram.latency()).toEqual(nothing);
  });

  test('a clock that did not move counts as the shortest', () => {
    const histogram = new Histogram();
    histogram.add(0);
    expect(histogram.latency().max).toBe(0);
  });
});
