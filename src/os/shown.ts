import { inspect } from 'node:util';

const LONGEST = 80;

/** Anything as it may stand in a message: what was given may be what has no text (a symbol, an object without a prototype, a cycle). */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Infinity, maxArrayLength: 4, maxStringLength: LONGEST });
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}
