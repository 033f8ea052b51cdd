import { SPACE } from '../lines/index.js';
import type { StraceLine } from './line.js';

/** The longest first half of an interrupted call that is kept. */
const LONGEST = 8 * 1024;
const UNFINISHED_LENGTH = '<unfinished ...>'.length;

/**
 * The first half of a call, which the log has interrupted: `openat(AT_FDCWD, "/x", <unfinished ...>`. One object for
 * each thread; its buffer is used again.
 */
export class HalfCall {
  /** Whether the thread has such a call at present. */
  begun = false;
  /** The call gives something up, and has taken effect already. */
  applied = false;
  line = 0;
  order = 0;
  timeMs = Number.NaN;
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** Keeps the first half, without `<unfinished ...>`. */
  keep(half: StraceLine, place: { line: number; order: number; timeMs: number }): void {
    const { bytes, from } = half;
    let end = half.end - UNFINISHED_LENGTH;
    // One space belongs to the word, a second one to the call: openat(AT_FDCWD, "/x",  <unfinished ...>
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

  /** Joins both halves in `target`. Returns the length of the whole, or 0 where there is no room for it. */
  join(target: Buffer, tail: Buffer, start: number, end: number): number {
    const length = this.#length + end - start;
    if (length > target.length) return 0;
    this.#bytes.copy(target, 0, 0, this.#length);
    tail.copy(target, this.#length, start, end);
    return length;
  }

  /** The text of the first half. */
  text(longest = LONGEST): string {
    return this.#bytes.toString('latin1', 0, Math.min(longest, this.#length));
  }
}
