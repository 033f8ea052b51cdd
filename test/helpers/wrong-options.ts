import { expect } from 'vitest';

export const REFUSED = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' });

/** What is passed where options should be, and is something else: `set('key', 'value', 5000)`. */
export const NO_OPTIONS: readonly unknown[] = [
  ...[5_000, '5s', true, null, 1n, Symbol('options')],
  ...[[], [{}], () => ({}), new Date(0), new Map(), new Set(['ttl']), new URL('file:///'), Buffer.alloc(0)],
  ...[new Error('options'), Promise.resolve({}), new (class Empty {})(), new AbortController().signal],
];

const cycle: { cycle?: unknown } = {};
cycle.cycle = cycle;

/** What no option is. Some have no text, so that a message that quotes them could fail itself. */
export const WRONG_VALUES: readonly unknown[] = [
  ...[null, Number.NaN, -1, -Infinity, 1n, '', 'x', Symbol('value')],
  ...[Object.create(null), cycle, [undefined], [5]],
];

/** The same options in the ways that a program may hand them over. */
export function readOnlyOptions<T extends { ttl: number; tags: string[] }>(options: T): object[] {
  class WithGetters {
    get ttl() {
      return options.ttl;
    }
    get tags() {
      return options.tags;
    }
    describe() {
      return 'a method is no option';
    }
  }
  class Derived extends WithGetters {}
  return [Object.freeze({ ...options }), Object.create(options), new WithGetters(), Object.freeze(new Derived())];
}
