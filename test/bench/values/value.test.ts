import { describe, expect, test } from 'vitest';
import { Values } from '../../../src/bench/values/value.js';

describe('Values', () => {
  const one = new Values(1_024, 7, 1);
  const other = new Values(1_024, 7, 2);

  test('are about as long as asked for, and whole for every process', () => {
    for (let count = 0; count < 200; count += 1) {
      const value = one.next();
      expect(Math.abs(JSON.stringify(value).length - 1_024)).toBeLessThan(8);
      expect(other.judge(JSON.parse(JSON.stringify(value)))).toBe('ok');
    }
  });

  test('one with the text of the next, or cut short, is torn', () => {
    const value = one.next();
    const next = one.next();
    expect(other.judge({ ...value, text: next.text })).toBe('torn');
    expect(other.judge({ ...value, text: value.text.slice(0, -1) })).toBe('torn');
    expect(other.judge({ ...value, writer: 2 })).toBe('torn');
  });

  test('none is empty', () => {
    expect(one.judge(undefined)).toBe('empty');
  });
});
