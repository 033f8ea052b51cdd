import { BACKSLASH, GREATER, isDigit, LESS, QUOTE, SLASH, SPACE } from './characters.js';

/*
 * Functions that step over a part of a line of strace, in place. Each returns the position behind the part; -1 where it
 * does not end before `end`.
 */

export function skipSpaces(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === SPACE) at += 1;
  return at;
}

/** Behind the next byte of this value. */
export function skipPast(bytes: Buffer, start: number, end: number, closing: number): number {
  for (let at = start; at < end; at += 1) if (bytes[at] === closing) return at + 1;
  return -1;
}

/** Returns the position of the closing quote, or -1. */
export function skipQuoted(bytes: Buffer, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at;
  }
  return -1;
}

/**
 * `3</path>`, `1</dev/null<char 1:3>>`: strace escapes angle brackets inside of paths. `1<<CAP_CHOWN` and `=>` are no
 * such part. Returns the position of its last byte.
 */
export function skipAnnotation(bytes: Buffer, start: number, end: number): number {
  const before = bytes[start - 1] ?? 0;
  const annotates = isDigit(before) || before === 68 || before === SLASH;
  if (!annotates || bytes[start + 1] === LESS) return bytes[start + 1] === LESS ? start + 1 : start;
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === LESS) depth += 1;
    else if (byte === GREATER) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return start;
}
