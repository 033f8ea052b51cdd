/**
 * Where there are more lengths than this, they are counted by powers of two: memory stays bounded, and so does the
 * report.
 */
const MOST_EXACT_SIZES = 24;

/** Lengths from `fromBytes` to `toBytes`, both included. */
export interface SizeRow {
  readonly fromBytes: number;
  readonly toBytes: number;
  /** How often the file came to such a length. */
  readonly times: number;
  /** For how long it had such a length, in sum. */
  readonly ms: number;
}

/**
 * The lengths that a file had, how often and for how long. Exact while there are few; then by powers of two, with 0
 * apart.
 */
export class SizeHistogram {
  #rows = new Map<number, { fromBytes: number; toBytes: number; times: number; ms: number }>();
  #grouping: 'exact' | 'by powers of two' = 'exact';

  /** The file has got this length. */
  count(bytes: number): void {
    this.#row(bytes).times += 1;
  }

  /** The file had this length for so long. */
  lasted(bytes: number, ms: number): void {
    this.#row(bytes).ms += ms;
  }

  /** By length. */
  get rows(): SizeRow[] {
    return [...this.#rows.values()].sort((a, b) => a.fromBytes - b.fromBytes);
  }

  #row(bytes: number): { times: number; ms: number } {
    const fromBytes = this.#grouping === 'exact' ? bytes : groupOf(bytes);
    let row = this.#rows.get(fromBytes);
    if (row === undefined) {
      const toBytes = this.#grouping === 'exact' || fromBytes === 0 ? fromBytes : 2 * fromBytes - 1;
      row = { fromBytes, toBytes, times: 0, ms: 0 };
      this.#rows.set(fromBytes, row);
      if (this.#grouping === 'exact' && this.#rows.size > MOST_EXACT_SIZES) {
        this.#group();
        return this.#row(bytes);
      }
    }
    return row;
  }

  #group(): void {
    this.#grouping = 'by powers of two';
    const exact = this.#rows;
    this.#rows = new Map();
    for (const { fromBytes, times, ms } of exact.values()) {
      const row = this.#row(fromBytes);
      row.times += times;
      row.ms += ms;
    }
  }
}

/** The largest power of two that is not above the value; 0 for 0. */
function groupOf(bytes: number): number {
  return bytes === 0 ? 0 : 2 ** Math.floor(Math.log2(bytes));
}

/** The durations below `underMs` that are not in the row before. `null`: no limit. */
export interface DurationRow {
  readonly underMs: number | null;
  readonly count: number;
}

const LIMITS_MS = [0.01, 0.1, 1, 10, 100, 1_000, 10_000];

/** Durations by powers of ten, from 10 microseconds on. */
export class DurationHistogram {
  readonly #counts = new Array<number>(LIMITS_MS.length + 1).fill(0);

  count(durationMs: number): void {
    const index = LIMITS_MS.findIndex((limit) => durationMs < limit);
    const at = index === -1 ? LIMITS_MS.length : index;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** From the shortest row that has any to the longest. */
  get rows(): DurationRow[] {
    const rows = this.#counts.map((count, index) => ({ underMs: LIMITS_MS[index] ?? null, count }));
    const first = rows.findIndex(({ count }) => count > 0);
    const last = rows.findLastIndex(({ count }) => count > 0);
    return first === -1 ? [] : rows.slice(first, last + 1);
  }
}
