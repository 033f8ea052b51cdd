/** Each bucket is this part of an octave: a percentile is off by 1.1 % at most. */
const BUCKETS_PER_OCTAVE = 32;
/** From one nanosecond to 2^36 of them, some 69 s. The first and the last bucket take what is outside. */
const OCTAVES = 36;
const BUCKETS = BUCKETS_PER_OCTAVE * OCTAVES;
const NANOSECONDS_PER_MS = 1e6;
const NANOSECONDS_PER_MICROSECOND = 1e3;

/** Microseconds. `null` where nothing was measured. */
export interface Latency {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Exact. */
  readonly max: number | null;
}

/** A histogram as a message to another process: buckets and counts in turn, and the longest time. */
export interface HistogramMessage {
  readonly counts: readonly number[];
  readonly longestMs: number;
}

/** How long operations took. The resolution is relative, so it serves for nanoseconds and for seconds. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #longestMs = 0;

  add(durationMs: number): void {
    const bucket = Math.floor(Math.log2(durationMs * NANOSECONDS_PER_MS) * BUCKETS_PER_OCTAVE);
    const index = Math.min(BUCKETS - 1, Math.max(0, bucket));
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    if (durationMs > this.#longestMs) this.#longestMs = durationMs;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#longestMs = 0;
  }

  toMessage(): HistogramMessage {
    const counts: number[] = [];
    this.#buckets.forEach((count, bucket) => {
      if (count > 0) counts.push(bucket, count);
    });
    return { counts, longestMs: this.#longestMs };
  }

  /** Adds the counts of another process. */
  merge({ counts, longestMs }: HistogramMessage): void {
    for (let index = 0; index + 1 < counts.length; index += 2) {
      const bucket = counts[index] ?? 0;
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (counts[index + 1] ?? 0);
    }
    this.#longestMs = Math.max(this.#longestMs, longestMs);
  }

  latency(): Latency {
    const total = this.#buckets.reduce((sum, count) => sum + count, 0);
    const longest = (this.#longestMs * NANOSECONDS_PER_MS) / NANOSECONDS_PER_MICROSECOND;
    const at = (share: number) => (total === 0 ? null : Math.min(longest, this.#percentile(Math.ceil(total * share))));
    return {
      p50: rounded(at(0.5)),
      p95: rounded(at(0.95)),
      p99: rounded(at(0.99)),
      max: total === 0 ? null : rounded(longest),
    };
  }

  /** The middle of the bucket that holds this rank, in microseconds. */
  #percentile(rank: number): number {
    let seen = 0;
    const bucket = this.#buckets.findIndex((count) => {
      seen += count;
      return seen >= rank;
    });
    return 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE) / NANOSECONDS_PER_MICROSECOND;
  }
}

function rounded(microseconds: number | null): number | null {
  return microseconds === null ? null : Number(microseconds.toPrecision(4));
}
