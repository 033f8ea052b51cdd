/** Each bucket is this part of an octave: a percentile is off by 2.2 % at most. */
const BUCKETS_PER_OCTAVE = 16;
/** From one microsecond to 2^24 of them, some 17 s. The first and the last bucket take what is outside. */
const OCTAVES = 24;
const MICROSECONDS_PER_MS = 1_000;

/** The number of words in a histogram of latencies. */
export const LATENCY_BUCKETS = BUCKETS_PER_OCTAVE * OCTAVES;

/** Milliseconds. `null` where nothing was measured. */
export interface Percentiles {
  p50: number | null;
  p99: number | null;
}

/** The bucket in which an operation of this length is counted. */
export function latencyBucket(durationMs: number): number {
  const bucket = Math.floor(Math.log2(durationMs * MICROSECONDS_PER_MS) * BUCKETS_PER_OCTAVE);
  return Math.min(LATENCY_BUCKETS - 1, Math.max(0, bucket));
}

/** Median and 99th percentile of the counted latencies, each as the middle of its bucket. */
export function percentiles(buckets: Uint32Array): Percentiles {
  return { p50: percentile(buckets, 0.5), p99: percentile(buckets, 0.99) };
}

function percentile(buckets: Uint32Array, share: number): number | null {
  const rank = Math.ceil(buckets.reduce((sum, count) => sum + count, 0) * share);
  if (rank === 0) return null;
  let seen = 0;
  const index = buckets.findIndex((count) => {
    seen += count;
    return seen >= rank;
  });
  const microseconds = 2 ** ((index + 0.5) / BUCKETS_PER_OCTAVE);
  return Number((microseconds / MICROSECONDS_PER_MS).toPrecision(3));
}
