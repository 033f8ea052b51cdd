// @ts-check
// Comments that end at 120 characters, as code does; the formatter leaves them as they are. Pure: text goes in, text comes out.

export const LONGEST_LINE = 120;

const ONE_LINE = /^( *)(\/\*\*?) (.*) \*\/$/;
const BLOCK_BEGINS = /^( *)\/\*\*?$/;
const BLOCK_ENDS = /^ *\*\/$/;
const SLASHES = /^( *)\/\/ (.*)$/;
const ITEM = /^( *)((?:[-*]|\d+\.) )/;
const TAG = /^@\w+ /;
/** What may stand on one line only: a link, code, a word, and what touches it. */
const UNIT = /(?:\{@\w+ [^}]*\}|`[^`]*`|\S)+/g;

/**
 * The text with each paragraph wrapped that has a longer line. Code in comments (indented or fenced) stays as it is, and so does
 * a comment behind code.
 *
 * @param {string} text
 */
export function wrapComments(text) {
  /** @type {string[]} */
  const wrapped = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const one = line.length > LONGEST_LINE ? ONE_LINE.exec(line) : null;
    const begins = BLOCK_BEGINS.exec(line);
    const slashes = SLASHES.exec(line);
    if (one !== null) {
      const [, indent = '', opening = '', body = ''] = one;
      wrapped.push(`${indent}${opening}`, ...wrapLines([body], `${indent} * `), `${indent} */`);
      at += 1;
    } else if (begins !== null) {
      const end = lines.findIndex((candidate, index) => index > at && BLOCK_ENDS.test(candidate));
      if (end === -1) return text;
      const prefix = `${begins[1]} * `;
      const body = lines.slice(at + 1, end).map((inner) => inner.replace(/^ *\* ?/, ''));
      wrapped.push(line, ...wrapLines(body, prefix), lines[end] ?? '');
      at = end + 1;
    } else if (slashes !== null) {
      const prefix = `${slashes[1]}// `;
      const after = lines.findIndex((candidate, index) => index > at && !candidate.startsWith(prefix));
      const end = after === -1 ? lines.length : after;
      wrapped.push(
        ...wrapLines(
          lines.slice(at, end).map((inner) => inner.slice(prefix.length)),
          prefix,
        ),
      );
      at = end;
    } else {
      wrapped.push(line);
      at += 1;
    }
  }
  return wrapped.join('\n');
}

/**
 * @param {string[]} body what stands behind the prefix
 * @param {string} prefix of each line
 */
function wrapLines(body, prefix) {
  /** @type {string[]} */
  const wrapped = [];
  for (const paragraph of paragraphs(body)) {
    const isLong = paragraph.lines.some((line) => prefix.length + line.length > LONGEST_LINE);
    wrapped.push(...(isLong && !paragraph.code ? wrapParagraph(paragraph.lines, prefix) : paragraph.lines));
  }
  return wrapped.map((line) => `${prefix}${line}`.trimEnd());
}

/**
 * @param {string[]} lines
 * @param {string} prefix
 */
function wrapParagraph(lines, prefix) {
  const [, indent = '', marker = ''] = ITEM.exec(lines[0] ?? '') ?? [];
  const hanging = ' '.repeat(indent.length + marker.length);
  const wrapped = [];
  let line = '';
  for (const [unit] of lines.join(' ').matchAll(UNIT)) {
    if (line !== '' && prefix.length + line.length + 1 + unit.length > LONGEST_LINE) {
      wrapped.push(line);
      line = `${hanging}${unit}`;
    } else line = line === '' ? `${indent}${unit}` : `${line} ${unit}`;
  }
  return [...wrapped, line];
}

/**
 * Runs of lines that belong together: an item of a list begins a new one.
 *
 * @param {string[]} body
 */
function* paragraphs(body) {
  /** @type {string[]} */
  let lines = [];
  let fenced = false;
  for (const line of body) {
    const fence = line.trimStart().startsWith('```');
    const item = ITEM.test(line) || TAG.test(line);
    const code =
      fenced || fence || line.trim() === '' || line.startsWith('|') || (lines.length === 0 && /^ {4}/.test(line));
    if (fence) fenced = !fenced;
    if ((code || item) && lines.length > 0) {
      yield { lines, code: false };
      lines = [];
    }
    if (code) yield { lines: [line], code: true };
    else lines.push(line);
  }
  if (lines.length > 0) yield { lines, code: false };
}
