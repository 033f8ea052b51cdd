import { inspect } from 'node:util';

const LONGEST = 80;

/**
 * A value of any kind as short text for a message, also where `String()` would throw (a symbol, an object without a
 * prototype).
 */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Infinity, maxArrayLength: 4, maxStringLength: LONGEST });
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}
