// The fenced code blocks of a Markdown document, and what a comment right before one says of it.

/**
 * @typedef {object} Block
 * @property {string} document the path of the document
 * @property {number} line where the code begins there, from 1
 * @property {string} language what stands behind the fence
 * @property {string} code without the indentation of the fence
 * @property {Notes} notes
 *
 * @typedef {object} Notes what a reader knows and the block does not say
 * @property {string} before code that comes before it: declarations, values
 * @property {string} after code that comes after it: what must be so then
 * @property {string} [notRun] why it is compiled and not run
 */

const FENCE = /^( *)(`{3,})([^`]*)$/;

/**
 * @param {string} document
 * @param {string} text
 * @returns {Block[]}
 */
export function blocksOf(document, text) {
  const lines = text.split('\n');
  /** @type {Block[]} */
  const blocks = [];
  for (let index = 0; index < lines.length; index += 1) {
    const [, indentation, fence, language] = FENCE.exec(lines[index] ?? '') ?? [];
    if (indentation === undefined || fence === undefined || language === undefined) continue;
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence);
    if (end === -1) throw new Error(`${document}:${index + 1}: a block that does not end`);
    const code = lines.slice(index + 1, end).map((line) => line.slice(indentation.length));
    const notes = notesBefore(lines, index, indentation.length);
    blocks.push({ document, line: index + 2, language: language.trim(), code: code.join('\n'), notes });
    index = end;
  }
  return blocks;
}

/**
 * The comment that ends right before a fence, blank lines apart: sections `before:`, `after:` and `not run: why`.
 *
 * @param {readonly string[]} lines
 * @param {number} fence
 * @param {number} indentation
 * @returns {Notes}
 */
function notesBefore(lines, fence, indentation) {
  /** @type {Notes} */
  const notes = { before: '', after: '' };
  let end = fence - 1;
  while (lines[end]?.trim() === '') end -= 1;
  if (!lines[end]?.trimEnd().endsWith('-->')) return notes;
  let begin = end;
  while (begin > 0 && !lines[begin]?.trimStart().startsWith('<!--')) begin -= 1;
  const comment = lines.slice(begin, end + 1).map((line) => line.slice(indentation));
  /** @type {'before' | 'after' | undefined} */
  let section;
  for (const line of comment.join('\n').replace('<!--', '').replace('-->', '').split('\n')) {
    const notRun = /^ *not run: *(.*?) *$/.exec(line)?.[1];
    const heading = /^ *(before|after): *$/.exec(line)?.[1];
    if (notRun !== undefined) {
      notes.notRun = notRun;
      section = undefined;
    } else if (heading === 'before' || heading === 'after') section = heading;
    else if (section !== undefined) notes[section] += `${line}\n`;
  }
  return notes;
}
