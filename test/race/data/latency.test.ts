import { describe, expect, test } from 'vitest';
import { LATENCY_BUCKETS, latencyBucket, percentiles } from '../../../src/race/data/latency.js';

function histogram(durationsMs: readonly number[]): Uint32Array {
  const buckets = new Uint32Array(LATENCY_BUCKETS);
  for (const duration of durationsMs) {
    const bucket = latencyBucket(duration);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  return buckets;
}

describe('the latency histogram', () => {
  test.each([0.0012, 0.05, 1, 3.7, 250, 9_000])('gives %d ms back to 3 %', (duration) => {
    const { p50, p99 } = percentiles(histogram([duration]));
    expect(p50).toBe(p99);
    expect(Math.abs(Number(p50) / duration - 1)).toBeLessThan(0.03);
  });

  test('tells the median from the 99th percentile', () => {
    const { p50, p99 } = percentiles(histogram([...Array(98).fill(1), 100, 100]));
    expect(p50).toBeCloseTo(1, 1);
    expect(Math.abs(Number(p99) / 100 - 1)).toBeLessThan(0.03);
  });

  test('says null where nothing was measured', () => {
    expect(percentiles(histogram([]))).toEqual({ p50: null, p99: null });
  });

  test('has a bucket for every duration', () => {
    for (const duration of [0, 1e-9, 1e9, Number.POSITIVE_INFINITY]) {
      const bucket = latencyBucket(duration);
      expect(bucket).toBeGreaterThanOrEqual(0);
      expect(bucket).toBeLessThan(LATENCY_BUCKETS);
    }
  });
});
