import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  CLOSE_PAREN,
  COLON,
  COMMA,
  EQUALS,
  GREATER,
  hexValue,
  isDigit,
  LESS,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  OPEN_PAREN,
  PLUS,
  QUESTION,
  QUOTE,
  SPACE,
  skipAnnotation,
  skipQuoted,
  skipSpaces,
  standsThere,
  UNDERSCORE,
  ZERO,
} from '../lines/index.js';
import { type CallName, callNamed, hashStep } from './calls.js';
import { PERSONALITY, PROCESS, SPEAKER } from './notice.js';
import { LinePrefix } from './prefix.js';

/**
 * The kind of a line. `other`: understood, and of no interest (another system call, a stack frame of `-k`, a message of
 * strace). `unfinished` and `resumed` are the two halves of a call of interest.
 */
export type LineKind = 'call' | 'unfinished' | 'resumed' | 'signal' | 'end' | 'attached' | 'other' | 'garbage';

/** The end of a call without a number: it returned `?`, or its line was cut. */
export const NO_RESULT = Number.NaN;

const UNFINISHED = '<unfinished ...>';
/** strace detached from the process in the middle of a call. */
const DETACHED = '<detached ...>';
const RESUMED = 'resumed>';
const MOST_ARGUMENTS = 10;

/**
 * A line of strace, parsed in place: all fields are numbers or positions in `bytes`, and one object serves for all
 * lines. Of a call that is not in `CALLS` only the name is read.
 */
export class StraceLine extends LinePrefix {
  kind: LineKind = 'garbage';
  /** The position at which the call begins, after process and time. */
  from = 0;
  call: CallName | undefined;
  argumentCount = 0;
  readonly argumentStart = new Int32Array(MOST_ARGUMENTS);
  readonly argumentEnd = new Int32Array(MOST_ARGUMENTS);
  /** The number that the call returned, -1 for an error, or NaN. */
  result = NO_RESULT;
  /** The position at which the number ends: `<path>`, the name of the error, or a comment may follow. */
  resultEnd = 0;
  /** Whether calls of no interest are parsed as well, and are `garbage` where they are not whole. */
  protected strict = false;

  /** Parses a line: the range `start` to `end` of `bytes`. */
  parse(bytes: Buffer, start: number, end: number): LineKind {
    this.bytes = bytes;
    this.end = end;
    this.pid = 0;
    this.timeMs = Number.NaN;
    this.sincePreviousMs = Number.NaN;
    this.call = undefined;
    this.from = start;
    this.kind = this.#parseFrom(start);
    return this.kind;
  }

  /** Parses a call without process and time: the joined halves of an interrupted one. */
  parseBody(bytes: Buffer, start: number, end: number): LineKind {
    this.bytes = bytes;
    this.end = end;
    this.from = start;
    this.kind = this.#parseCall(start);
    return this.kind;
  }

  /** The text of the call, copied. */
  text(longest: number): string {
    return this.bytes.toString('latin1', this.from, Math.min(this.end, this.from + longest));
  }

  #parseFrom(start: number): LineKind {
    const { bytes, end } = this;
    let at = start;
    if (bytes[at] === SPACE) {
      while (bytes[at] === SPACE && at < end) at += 1;
      // A frame of a stack (-k).
      if (bytes[at] === GREATER) return 'other';
    }
    if (at >= end) return 'garbage';
    at = this.parsePrefix(at);
    if (at < 0) return 'garbage';
    this.from = at;
    const first = bytes[at] ?? 0;
    if ((first >= 97 && first <= 122) || first === UNDERSCORE) return this.#parseCall(at);
    if (first === LESS) return this.#parseResumed(at);
    if (first === MINUS) return this.#parseSignal(at);
    if (first === PLUS) return standsThere(bytes, '+++ ', at, end) ? 'end' : 'garbage';
    if (first === GREATER && this.pid === 0) return 'other';
    return this.parseMessage(at);
  }

  /** A message of strace. */
  protected parseMessage(at: number): LineKind {
    if (standsThere(this.bytes, PERSONALITY, at, this.end)) return 'other';
    let position = at;
    if (standsThere(this.bytes, SPEAKER, at, this.end)) position += SPEAKER.length;
    if (!standsThere(this.bytes, PROCESS, position, this.end)) return position > at ? 'other' : 'garbage';
    const behind = this.parsePid(position + PROCESS.length);
    if (behind < 0) return position > at ? 'other' : 'garbage';
    return standsThere(this.bytes, ' attached', behind, this.end) ? 'attached' : 'other';
  }

  #parseSignal(at: number): LineKind {
    const { bytes, end } = this;
    if (!standsThere(bytes, '--- ', at, end)) return 'garbage';
    return standsThere(bytes, 'SIGBUS ', at + 4, end) ? 'signal' : 'other';
  }

  /** `<... read resumed>`: `from` is moved behind it. */
  #parseResumed(start: number): LineKind {
    const { bytes, end } = this;
    if (!standsThere(bytes, '<... ', start, end)) return 'garbage';
    let at = start + 5;
    const name = at;
    let hash = 0;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === SPACE) break;
      hash = hashStep(hash, byte);
    }
    if (!standsThere(bytes, RESUMED, at + 1, end)) return 'garbage';
    this.call = callNamed(hash, bytes, name, at);
    this.from = at + 1 + RESUMED.length;
    return this.call === undefined ? 'other' : 'resumed';
  }

  #parseCall(start: number): LineKind {
    const { bytes, end } = this;
    let hash = 0;
    let at = start;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === OPEN_PAREN) break;
      if (byte < ZERO || byte > 122) return byte === 58 || byte === SPACE ? this.parseMessage(start) : 'garbage';
      hash = hashStep(hash, byte);
    }
    if (at >= end) return 'garbage';
    this.call = callNamed(hash, bytes, start, at);
    const known = this.call !== undefined;
    if (!known && bytes[start] === 115 && bytes[at - 1] === COLON) return this.parseMessage(start);
    if (!known && !this.strict) return 'other';
    if (bytes[end - 1] === GREATER && standsThere(bytes, UNFINISHED, end - UNFINISHED.length, end)) {
      return known ? 'unfinished' : 'other';
    }
    at = this.#parseArguments(at + 1);
    if (at < 0) return standsThere(bytes, DETACHED, end - DETACHED.length, end) ? 'other' : 'garbage';
    if (!this.#parseResult(at)) return 'garbage';
    return known ? 'call' : 'other';
  }

  /**
   * Finds the range of each argument. Returns the position behind the closing parenthesis, or -1 where there is none.
   */
  #parseArguments(start: number): number {
    const { bytes, end, argumentStart, argumentEnd } = this;
    let count = 0;
    let depth = 0;
    let at = start;
    let begun = start;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      switch (byte) {
        case QUOTE:
          at = skipQuoted(bytes, at, end);
          if (at < 0) return -1;
          break;
        case OPEN_PAREN:
        case OPEN_BRACE:
        case OPEN_BRACKET:
          depth += 1;
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          depth -= 1;
          break;
        case LESS:
          at = skipAnnotation(bytes, at, end);
          break;
        case COMMA:
          if (depth !== 0) break;
          if (count < MOST_ARGUMENTS) {
            argumentStart[count] = begun;
            argumentEnd[count] = at;
            count += 1;
          }
          begun = bytes[at + 1] === SPACE ? at + 2 : at + 1;
          break;
        case CLOSE_PAREN:
          if (depth > 0) {
            depth -= 1;
            break;
          }
          if (count < MOST_ARGUMENTS && at > begun) {
            argumentStart[count] = begun;
            argumentEnd[count] = at;
            count += 1;
          }
          this.argumentCount = count;
          return at + 1;
      }
    }
    return -1;
  }

  /** `= 3`, `= 0x7f12`, `= -1 ENOENT (...)`, `= ?`. */
  #parseResult(start: number): boolean {
    const { bytes, end } = this;
    let at = skipSpaces(bytes, start, end);
    if (bytes[at] !== EQUALS) return false;
    at = skipSpaces(bytes, at + 1, end);
    const first = bytes[at];
    if (at >= end) return false;
    this.resultEnd = at;
    if (first === QUESTION) {
      this.result = NO_RESULT;
      this.resultEnd = at + 1;
      return true;
    }
    if (first === MINUS) {
      this.result = -1;
      at += 1;
      while (at < end && isDigit(bytes[at])) at += 1;
      this.resultEnd = at;
      return true;
    }
    let value = 0;
    if (first === ZERO && bytes[at + 1] === 120) {
      for (at += 2; at < end; at += 1) {
        const digit = hexValue(bytes[at]);
        if (digit < 0) break;
        value = value * 16 + digit;
      }
    } else {
      if (!isDigit(first)) return false;
      for (; at < end; at += 1) {
        const byte = bytes[at] ?? 0;
        if (byte < ZERO || byte > NINE) break;
        value = value * 10 + byte - ZERO;
      }
    }
    this.result = value;
    this.resultEnd = at;
    return true;
  }
}
