import { SPACE } from '../lines/index.js';
import type { StraceLine } from './line.js';

/** The first half of an interrupted call is kept up to this length. */
const LONGEST = 8 * 1024;
const UNFINISHED_LENGTH = '<unfinished ...>'.length;

/**
 * A call of one thread of which the log has shown the first half: `openat(AT_FDCWD, "/x", <unfinished ...>`. Its bytes
 * are used again.
 */
export class HalfCall {
  /** Whether there is one at present. */
  begun = false;
  /** Something was given up with it, and has been taken as done. */
  applied = false;
  line = 0;
  order = 0;
  timeMs = Number.NaN;
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** Keeps the first half, without the word that it is one. */
  keep(half: StraceLine, place: { line: number; order: number; timeMs: number }): void {
    const { bytes, from } = half;
    let end = half.end - UNFINISHED_LENGTH;
    // One space is of the word. Another one is of the call: openat(AT_FDCWD, "/x",  <unfinished ...>
    if (bytes[end - 1] === SPACE) end -= 1;
    this.#length = Math.min(end - from, LONGEST);
    if (this.#length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(Math.max(128, this.#length * 2));
    bytes.copy(this.#bytes, 0, from, from + this.#length);
    this.begun = true;
    this.applied = false;
    this.line = place.line;
    this.order = place.order;
    this.timeMs = place.timeMs;
  }

  /** Puts both halves together. Gives the whole's length in `target`, or 0 where there is no room. */
  join(target: Buffer, tail: Buffer, start: number, end: number): number {
    const length = this.#length + end - start;
    if (length > target.length) return 0;
    this.#bytes.copy(target, 0, 0, this.#length);
    tail.copy(target, this.#length, start, end);
    return length;
  }

  /** What there is of it. */
  text(longest = LONGEST): string {
    return this.#bytes.toString('latin1', 0, Math.min(longest, this.#length));
  }
}
