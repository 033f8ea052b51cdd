import { expect, test } from 'vitest';
import { toWholeNumber } from '../../../src/cli/commands/whole-number.js';

test.each([
  ['1', 1],
  ['007', 7],
  ['9999999999', 9_999_999_999],
])('%s is a whole number', (text, number) => {
  expect(toWholeNumber(text)).toBe(number);
});

test.each(['0', '00', '', '-1', '+1', '1.5', '1e3', ' 1', '99999999999', 'one'])('"%s" is not', (text) => {
  expect(() => toWholeNumber(text)).toThrow('Expected a whole number, 1 or more.');
});
