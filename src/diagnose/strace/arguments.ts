import { BACKSLASH, GREATER, hexValue, isDigit, LESS, MINUS, QUOTE, SLASH, STAR, ZERO } from '../lines/index.js';
import type { StraceLine } from './line.js';

/**
 * Functions that read the arguments of the call in a {@link StraceLine}. A number that is missing is NaN, a path that
 * is missing `undefined`.
 */

/** A number, decimal, octal or hexadecimal: `3`, `-100`, `0x1000`, `0666`. A comment or a path may follow it. */
export function numberOf(line: StraceLine, index: number): number {
  if (index >= line.argumentCount) return Number.NaN;
  return numberAt(line.bytes, line.argumentStart[index] ?? 0, line.argumentEnd[index] ?? 0);
}

/** A number in a range of bytes, or NaN. */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === MINUS;
  if (negative) at += 1;
  if (at >= end || !isDigit(bytes[at])) return Number.NaN;
  let value = 0;
  if (bytes[at] === ZERO && bytes[at + 1] === 120) {
    for (at += 2; at < end; at += 1) {
      const digit = hexValue(bytes[at]);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
  } else {
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (!isDigit(byte)) break;
      value = value * 10 + byte - ZERO;
    }
  }
  return negative ? -value : value;
}

/** Whether an argument contains this text. Slow: for rare calls. */
export function holds(line: StraceLine, index: number, text: string): boolean {
  return argumentText(line, index).includes(text);
}

/** The text of an argument, copied. */
export function argumentText(line: StraceLine, index: number): string {
  if (index >= line.argumentCount) return '';
  return line.bytes.toString('latin1', line.argumentStart[index] ?? 0, line.argumentEnd[index] ?? 0);
}

/** Flags of open(2), as on most architectures; strace prints names, and numbers with `-X`. */
export const Open = {
  writes: 0o3,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
  append: 0o2000,
  directory: 0o200000,
  closeOnExec: 0o2000000,
  path: 0o10000000,
} as const;

/**
 * The flags of an open in a range of bytes: names (`O_WRONLY|O_CREAT`), a number (`0x241`), or both. Names that
 * {@link Open} does not list are left out. Names are recognised by one or two letters, since this is done for every
 * open of the log.
 */
export function openFlags(bytes: Uint8Array, start: number, end: number): number {
  let flags = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at];
    if (byte === 79 && bytes[at + 1] === 95) {
      flags |= flagNamed(bytes, at + 2);
      at += 4;
    } else if (byte === ZERO && bytes[at + 1] === 120) {
      flags |= numberAt(bytes, at, end);
      at += 2;
    }
    at += 1;
  }
  return flags;
}

function flagNamed(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const second = bytes[at + 1];
  // WRONLY, RDWR; RDONLY is 0.
  if (first === 87) return 1;
  if (first === 82) return second === 68 && bytes[at + 2] === 87 ? 2 : 0;
  // TRUNC, but not TMPFILE.
  if (first === 84) return second === 82 ? Open.truncate : 0;
  // CREAT, CLOEXEC.
  if (first === 67) return second === 82 ? Open.create : Open.closeOnExec;
  // EXCL.
  if (first === 69) return Open.exclusive;
  // APPEND, but not ASYNC.
  if (first === 65) return second === 80 ? Open.append : 0;
  // DIRECTORY, but not DIRECT, DSYNC.
  if (first === 68) return bytes[at + 6] === 79 ? Open.directory : 0;
  // PATH.
  return first === 80 ? Open.path : 0;
}

/**
 * A quoted argument without its escapes. `cut`: strace shows only its beginning. `undefined` where the argument is no
 * string.
 */
export function quoted(line: StraceLine, index: number): string | undefined {
  if (index >= line.argumentCount) return undefined;
  const { bytes } = line;
  const start = line.argumentStart[index] ?? 0;
  const end = line.argumentEnd[index] ?? 0;
  if (bytes[start] !== QUOTE) return undefined;
  let at = start + 1;
  let plain = true;
  for (; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) {
      plain = false;
      at += 1;
    } else if (byte === QUOTE) break;
  }
  const text = plain ? bytes.toString('latin1', start + 1, at) : unescaped(bytes, start + 1, at);
  // `"/very/long"...`
  return at + 1 < end ? `${text}...` : text;
}

const ESCAPES = new Map([
  [110, 10],
  [116, 9],
  [114, 13],
  [118, 11],
  [102, 12],
]);

/** `\n`, `\"`, `\303\251`, `\xc3`, as bytes, read as UTF-8. */
export function unescaped(bytes: Buffer, start: number, end: number): string {
  const out = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; at += 1) {
    let byte = bytes[at] ?? 0;
    if (byte === BACKSLASH) {
      at += 1;
      const next = bytes[at] ?? 0;
      if (next >= ZERO && next <= 55) {
        byte = next - ZERO;
        for (let digits = 1; digits < 3; digits += 1) {
          const digit = (bytes[at + 1] ?? 0) - ZERO;
          if (at + 1 >= end || digit < 0 || digit > 7) break;
          byte = byte * 8 + digit;
          at += 1;
        }
      } else if (next === 120 && hexValue(bytes[at + 1]) >= 0) {
        byte = hexValue(bytes[at + 1]);
        at += 1;
        if (hexValue(bytes[at + 1]) >= 0) {
          byte = byte * 16 + hexValue(bytes[at + 1]);
          at += 1;
        }
      } else byte = ESCAPES.get(next) ?? next;
    }
    out[length] = byte & 255;
    length += 1;
  }
  return out.toString('utf8', 0, length);
}

/** The text that `-y` puts behind a descriptor. */
export interface Annotation {
  readonly path: string;
  readonly deleted: boolean;
}

/**
 * The path behind the descriptor in this argument: `3</tmp/x>`. `undefined` where there is none, or where the open file
 * has no path.
 */
export function annotationOf(line: StraceLine, index: number): Annotation | undefined {
  if (index >= line.argumentCount) return undefined;
  return annotationIn(line.bytes, line.argumentStart[index] ?? 0, line.argumentEnd[index] ?? 0);
}

/** The path behind the descriptor that the call returned. */
export function resultAnnotation(line: StraceLine): Annotation | undefined {
  return line.bytes[line.resultEnd] === LESS ? annotationIn(line.bytes, line.resultEnd, line.end) : undefined;
}

function annotationIn(bytes: Buffer, from: number, end: number): Annotation | undefined {
  let start = from;
  while (start < end && bytes[start] !== LESS) start += 1;
  start += 1;
  if (bytes[start] !== SLASH || bytes[start + 1] === STAR) return undefined;
  let at = start;
  let plain = true;
  for (; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) plain = false;
    // A device: `</dev/null<char 1:3>>`.
    if (byte === LESS) return undefined;
    if (byte === GREATER) break;
  }
  if (at >= end) return undefined;
  const path = plain ? bytes.toString('latin1', start, at) : unescaped(bytes, start, at);
  if (path.endsWith(' (deleted)')) return { path: path.slice(0, -10), deleted: true };
  return { path, deleted: bytes[at + 1] === 40 };
}
