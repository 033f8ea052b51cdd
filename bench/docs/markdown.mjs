// @ts-check
// Markdown from data.

/**
 * A table; the first column is text, the others are figures.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = head.map((_title, column) => (column === 0 ? '---' : '---:'));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/**
 * @param {string} alt
 * @param {string} file of bench/results/
 */
export function chart(alt, file) {
  return `![${alt}](../bench/results/${file})`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
