import {
  CLOSE_BRACKET,
  CLOSE_PAREN,
  COLON,
  DOT,
  GREATER,
  isDigit,
  LESS,
  NINE,
  OPEN_BRACKET,
  OPEN_PAREN,
  SPACE,
  skipPast,
  skipSpaces,
  standsThere,
  ZERO,
} from '../lines/index.js';
import { PERSONALITY } from './notice.js';

/**
 * A smaller number with a fraction is the time since the call before (`-r`), a larger one the time since 1970 (`-ttt`).
 */
const EARLIEST_EPOCH_SECONDS = 100_000_000;
const DAY_SECONDS = 86_400;

/** The beginning of a line of strace, before the call, in any of its forms: the process and the time. */
export class LinePrefix {
  bytes: Buffer = Buffer.alloc(0);
  end = 0;
  /** 0 where the line has none. */
  pid = 0;
  /** Milliseconds (since 1970 or midnight), or NaN. */
  timeMs = Number.NaN;
  /** Milliseconds since the call before (`-r`), or NaN. */
  sincePreviousMs = Number.NaN;
  /** Whether `timeMs` is in whole seconds. */
  wholeSeconds = false;

  /** `1234 `, `[pid 1234] `, `1234<name> `, and any of the times. Returns the position behind, or -1. */
  protected parsePrefix(start: number): number {
    const { bytes, end } = this;
    let at = start;
    if (bytes[at] === OPEN_BRACKET && standsThere(bytes, '[pid', at, end)) {
      at += 4;
      while (bytes[at] === SPACE) at += 1;
      at = this.parsePid(at);
      if (at < 0) return -1;
      at = this.#skipName(at);
      if (bytes[at] !== CLOSE_BRACKET) return -1;
      at = skipSpaces(bytes, at + 1, end);
    } else if (isDigit(bytes[at])) {
      let digits = at;
      while (digits < end && isDigit(bytes[digits])) digits += 1;
      const next = bytes[digits];
      if (next === SPACE || next === LESS) {
        at = this.parsePid(at);
        at = skipSpaces(bytes, this.#skipName(at), end);
      }
    }
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined || at >= end) return -1;
      if (byte >= ZERO && byte <= NINE) {
        at = this.#parseTime(at);
        if (at < 0) return -1;
      } else if (byte === OPEN_PAREN) {
        // (+     0.000127)
        at = skipPast(bytes, at, end, CLOSE_PAREN);
      } else if (byte === OPEN_BRACKET) {
        if (standsThere(bytes, PERSONALITY, at, end)) return at;
        // The number of the call (-n), the instruction pointer (-i).
        at = skipPast(bytes, at, end, CLOSE_BRACKET);
      } else {
        return at;
      }
      if (at < 0) return -1;
      at = skipSpaces(bytes, at, end);
    }
  }

  protected parsePid(start: number): number {
    let pid = 0;
    let at = start;
    for (; at < this.end && at < start + 10; at += 1) {
      const byte = this.bytes[at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      pid = pid * 10 + byte - ZERO;
    }
    this.pid = pid;
    return at === start ? -1 : at;
  }

  /** `<node>` behind a process. */
  #skipName(at: number): number {
    if (this.bytes[at] !== LESS) return at;
    const behind = skipPast(this.bytes, at, this.end, GREATER);
    return behind < 0 ? at : behind;
  }

  /** `21:14:58`, `21:14:58.070927`, `1795468498.652745`, `0.000127`. */
  #parseTime(start: number): number {
    const { bytes, end } = this;
    let at = start;
    let seconds = 0;
    let parts = 0;
    let part = 0;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= ZERO && byte <= NINE) part = part * 10 + byte - ZERO;
      else if (byte === COLON) {
        seconds = (seconds + part) * 60;
        part = 0;
        parts += 1;
      } else break;
    }
    seconds += part;
    let fraction = 0;
    let scale = 1;
    const hasFraction = bytes[at] === DOT;
    if (hasFraction) {
      for (at += 1; at < end; at += 1) {
        const byte = bytes[at] ?? 0;
        if (byte < ZERO || byte > NINE) break;
        fraction = fraction * 10 + byte - ZERO;
        scale *= 10;
      }
    }
    if (bytes[at] !== SPACE) return -1;
    const timeMs = seconds * 1000 + (fraction * 1000) / scale;
    if (parts === 2 && seconds <= DAY_SECONDS + 1) this.timeMs = timeMs;
    else if (parts === 0 && seconds >= EARLIEST_EPOCH_SECONDS) this.timeMs = timeMs;
    else if (parts === 0 && hasFraction) this.sincePreviousMs = timeMs;
    else return -1;
    if (parts === 2 || seconds >= EARLIEST_EPOCH_SECONDS) this.wholeSeconds = !hasFraction;
    return at;
  }
}
