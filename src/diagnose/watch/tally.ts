import { toMicroseconds, type WatchEvent } from './events.js';
import { DurationHistogram, type DurationRow, SizeHistogram, type SizeRow } from './histogram.js';

/** The observations of one file. Times in milliseconds. */
export interface WatchSummary {
  readonly path: string;
  /** How often it was looked at. */
  readonly looks: number;
  /** Changes of the length of an inode that stayed the same. */
  readonly resized: number;
  /** How many of these changes made it shorter. */
  readonly shrunk: number;
  /** How often it was written in place and kept its length: its time of modification changed. */
  readonly rewritten: number;
  /** How often the path got another inode. */
  readonly published: number;
  readonly appeared: number;
  readonly vanished: number;
  /** Moments at 0 bytes. One that began before the watch does not count as harm, since its cause was not seen. */
  readonly empty: {
    readonly moments: number;
    /** How many began with a truncation, and how many with an empty file at the path. */
    readonly truncated: number;
    readonly created: number;
    readonly totalMs: number;
    readonly longestMs: number;
    readonly durations: readonly DurationRow[];
  };
  readonly sizes: readonly SizeRow[];
}

/** Whether a reader could have read an empty file, or lost the end of a mapping. */
export function isHarm({ empty, shrunk }: WatchSummary): boolean {
  return empty.truncated + empty.created + shrunk > 0;
}

/** Counts the events of one file. Its memory does not grow with their number. */
export class WatchTally {
  readonly path: string;
  readonly #counts = { resized: 0, shrunk: 0, rewritten: 0, published: 0, appeared: 0, vanished: 0 };
  readonly #empty = { moments: 0, truncated: 0, created: 0, totalMs: 0, longestMs: 0 };
  readonly #durations = new DurationHistogram();
  readonly #sizes = new SizeHistogram();
  /** `undefined` where there is no file. */
  #bytes: number | undefined;
  #sinceMs = 0;

  constructor(path: string) {
    this.path = path;
  }

  add(event: WatchEvent): void {
    switch (event.kind) {
      case 'begin':
        this.#turnTo(event.bytes ?? undefined, event.atMs);
        return;
      case 'empty':
        this.#addEmpty(event.origin, event.durationMs);
        return;
      case 'rewritten':
        this.#counts.rewritten += 1;
        return;
      case 'vanished':
        this.#counts.vanished += 1;
        this.#turnTo(undefined, event.atMs);
        return;
      case 'resized':
        if (event.to < event.from) this.#counts.shrunk += 1;
        break;
    }
    this.#counts[event.kind] += 1;
    this.#turnTo(event.to, event.atMs);
  }

  /** The observations until then. `looks`: how often the file was looked at. */
  summary(atMs: number, looks: number): WatchSummary {
    this.#addUntil(atMs);
    const { path } = this;
    const totalMs = toMicroseconds(this.#empty.totalMs);
    const empty = { ...this.#empty, totalMs, durations: this.#durations.rows };
    return {
      path,
      looks,
      ...this.#counts,
      empty,
      sizes: this.#sizes.rows.map((row) => ({ ...row, ms: toMicroseconds(row.ms) })),
    };
  }

  #addEmpty(origin: 'truncated' | 'created' | 'before', durationMs: number): void {
    this.#empty.moments += 1;
    if (origin !== 'before') this.#empty[origin] += 1;
    this.#empty.totalMs += durationMs;
    this.#empty.longestMs = Math.max(this.#empty.longestMs, durationMs);
    this.#durations.count(durationMs);
  }

  #turnTo(bytes: number | undefined, atMs: number): void {
    this.#addUntil(atMs);
    this.#bytes = bytes;
    if (bytes !== undefined) this.#sizes.count(bytes);
  }

  #addUntil(atMs: number): void {
    if (this.#bytes !== undefined) this.#sizes.lasted(this.#bytes, atMs - this.#sinceMs);
    this.#sinceMs = atMs;
  }
}
