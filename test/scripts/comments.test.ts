import { describe, expect, test } from 'vitest';
import { LONGEST_LINE, wrapComments } from '../../scripts/comments/wrap.mjs';

const LONG = `${'seven words '.repeat(12)}end`;

describe('comments are wrapped at 120 characters', () => {
  test('one in a line becomes a block, in the indentation that it has', () => {
    const wrapped = wrapComments(`  /** ${LONG} */\n  code();`);
    expect(wrapped.split('\n').map((line) => line.slice(0, 5))).toEqual(['  /**', '   * ', '   * ', '   */', '  cod']);
    expect(longest(wrapped)).toBeLessThanOrEqual(LONGEST_LINE);
    expect(words(wrapped)).toEqual(words(LONG));
  });

  test('of a block only the paragraphs with a longer line change, and the items of a list hang', () => {
    const block = `/**\n * Short,\n * as it was.\n *\n * 1. ${LONG}\n * 2. second\n */`;
    const lines = wrapComments(block).split('\n');
    expect(lines.slice(0, 4)).toEqual(['/**', ' * Short,', ' * as it was.', ' *']);
    expect(lines[4]?.startsWith(' * 1. seven')).toBe(true);
    expect(lines[5]?.startsWith(' *    ')).toBe(true);
    expect(lines.slice(6)).toEqual([' * 2. second', ' */']);
  });

  test('lines of two slashes are one paragraph', () => {
    const wrapped = wrapComments(`// ${LONG}\n// and on`);
    expect(wrapped.split('\n').every((line) => line.startsWith('// '))).toBe(true);
    expect(wrapped.endsWith('end and on')).toBe(true);
  });

  test.each([
    `const text = '// ${LONG}';`,
    `call(); // ${LONG}`,
    `/**\n *     ${LONG}\n */`,
    `/**\n * \`\`\`ts\n * ${LONG}\n * \`\`\`\n */`,
  ])('code, and code in comments, stays: %#', (text) => {
    expect(wrapComments(text)).toBe(text);
  });

  test('a link and a piece of code are never broken', () => {
    const wrapped = wrapComments(`/** ${'x'.repeat(110)} {@link one thing} \`one thing\` */`);
    expect(wrapped.split('\n')).toEqual(['/**', ` * ${'x'.repeat(110)}`, ' * {@link one thing} `one thing`', ' */']);
  });
});

function longest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

function words(text: string): string[] {
  return text.match(/\w+/g)?.filter((word) => word !== 'code') ?? [];
}
