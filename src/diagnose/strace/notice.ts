import {
  CLOSE_BRACKET,
  DOT,
  EQUALS,
  GREATER,
  isDigit,
  LESS,
  MINUS,
  OPEN_BRACKET,
  QUESTION,
  QUOTE,
  SLASH,
  SPACE,
  STAR,
  skipAnnotation,
  skipQuoted,
  standsThere,
  UNDERSCORE,
} from '../lines/index.js';

/** A message of strace begins with the name under which it was started. */
export const SPEAKER = 'strace: ';
/** Versions before 4.9 write this message without a name. */
export const PROCESS = 'Process ';
/** The message that a process has changed between 32 and 64 bits. */
export const PERSONALITY = '[ Process PID=';
const SMALL_S = 115;
const CAPITAL_P = 80;

/** A message of strace in a line of the log, which ends with it. */
export interface Notice {
  /** The position at which it begins. */
  start: number;
  /** The position at which it begins without the path of strace. */
  text: number;
}

/**
 * Finds a message of strace in a line. Without `-o` both go to standard error, and strace writes a message at once,
 * even in the middle of a line; the rest of the line then follows the line break of the message. Text in quotes or
 * angle brackets comes from the program. `false`: there is no message.
 */
export function findNotice(bytes: Buffer, start: number, end: number, found: Notice): boolean {
  for (let at = start; at < end; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        at = skipQuoted(bytes, at, end);
        if (at < 0) return false;
        break;
      case LESS:
        at = skipAnnotation(bytes, at, end);
        break;
      case SMALL_S:
        if (!standsThere(bytes, SPEAKER, at, end)) break;
        found.text = at;
        found.start = startOfPath(bytes, start, at);
        return true;
      case CAPITAL_P:
        if (!standsThere(bytes, PROCESS, at, end) || !isDigit(bytes[at + PROCESS.length])) break;
        found.text = at;
        found.start = at;
        return true;
      case OPEN_BRACKET:
        if (!standsThere(bytes, PERSONALITY, at, end)) break;
        found.text = at;
        found.start = at;
        return true;
    }
  }
  return false;
}

/** `/usr/bin/` before `strace: `, where strace was started with a path. */
function startOfPath(bytes: Buffer, start: number, name: number): number {
  let begin = name;
  while (begin > start && isOfPath(bytes[begin - 1] ?? 0)) begin -= 1;
  let slash = begin;
  while (slash < name && bytes[slash] !== SLASH) slash += 1;
  if (slash === name) return name;
  // The end of a comment: flags=0 /* CLONE_??? */
  if (slash === begin && bytes[begin - 1] === STAR) return bytes[slash + 1] === SLASH ? slash + 1 : name;
  while (slash > begin && bytes[slash - 1] === DOT) slash -= 1;
  return slash;
}

function isOfPath(byte: number): boolean {
  return isAlphanumeric(byte) || byte === SLASH || byte === DOT || byte === MINUS || byte === UNDERSCORE;
}

/**
 * Whether a line ends in a way that no message does: `= 3`, `= 0x7f12`, `= ?`, `<unfinished ...>`, `---`, the frame of
 * a stack. The end is checked first, since most lines are whole, and need no search for a message.
 */
export function endsAsCall(bytes: Buffer, start: number, end: number): boolean {
  const last = bytes[end - 1] ?? 0;
  if (last === GREATER || last === QUESTION || last === MINUS) return true;
  // `mode. ]` ends a message.
  if (last === CLOSE_BRACKET) return bytes[end - 2] !== SPACE;
  let at = end;
  while (at > start && isAlphanumeric(bytes[at - 1] ?? 0)) at -= 1;
  return at < end && bytes[at - 1] === SPACE && bytes[at - 2] === EQUALS;
}

function isAlphanumeric(byte: number): boolean {
  const letter = byte | 32;
  return isDigit(byte) || (letter >= 97 && letter <= 122);
}
