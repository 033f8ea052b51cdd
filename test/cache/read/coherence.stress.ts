import { describe, expect, test } from 'vitest';
import { readTogether } from '../../helpers/coherent.js';

const SECONDS = 20;

/** The same claim as in coherence.test.ts. */
describe('8 processes, 64 keys in 16 slots', () => {
  test.each(['rename', 'flock'] as const)(
    'over %s no read is older than what was known when it began',
    async (strategy) => {
      const { operations, stale } = await readTogether({ strategy, seconds: SECONDS });
      console.log(`${strategy}: ${operations} operations`);
      expect(stale).toEqual([]);
    },
  );
});
