import { describe, expect, test } from 'vitest';
import { readTogether } from '../../helpers/coherent.js';
import { type Recorded, staleReads } from '../../helpers/history.js';
import { needs } from '../../helpers/needs.js';
import { scaled } from '../../helpers/scale.js';

/** The broken tiers below show with these numbers. */
const SECONDS = scaled(0.6, 3);
/** The epoch that is loaded late is wrong only where a writer comes in a certain fifth of a millisecond. */
const MOST_TRIES = scaled(20, 5);

describe.skipIf(!needs('koffi'))('8 processes, 64 keys in 16 slots', () => {
  test.each(['rename', 'flock'] as const)(
    'over %s no read is older than what was known when it began',
    async (strategy) => {
      const { operations, stale } = await readTogether({ strategy, seconds: SECONDS });
      expect(operations).toBeGreaterThan(scaled(200, 1000));
      expect(stale).toEqual([]);
    },
  );

  test('nor in worker threads: 2 processes with 4 threads each', async () => {
    const { operations, stale } = await readTogether({
      strategy: 'rename',
      seconds: SECONDS,
      processes: 2,
      threads: 4,
    });
    expect(operations).toBeGreaterThan(scaled(200, 1000));
    expect(stale).toEqual([]);
  });

  test.each(['no epoch check', 'epoch after reading'] as const)(
    'a tier with %s is found out',
    async (broken) => {
      let found = 0;
      for (let tries = 1; found === 0 && tries <= MOST_TRIES; tries += 1) {
        const { stale } = await readTogether({ strategy: 'rename', seconds: SECONDS, broken });
        found = stale.length;
      }
      expect(found).toBeGreaterThan(0);
    },
    60_000,
  );
});

describe('the checker', () => {
  const write = (value: number, start: number, end: number): Recorded => ({ kind: 'write', key: 1, value, start, end });
  const read = (value: number, start: number, end: number): Recorded => ({ kind: 'read', key: 1, value, start, end });

  test.each<[string, Recorded[], number]>([
    ['a read of the present value', [write(1, 0, 1), read(1, 2, 3)], 0],
    ['an old value, though a write had completed', [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], 1],
    ['an old value beside a write', [write(1, 0, 1), write(2, 2, 5), read(1, 4, 6)], 0],
    ['a value that two writes at once may have left', [write(1, 0, 3), write(2, 1, 2), read(1, 4, 5)], 0],
    ['an old value after a read of the new one', [write(1, 0, 1), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6)], 1],
    ['a value that nobody has written', [read(7, 0, 1)], 1],
    ['a value that is written later', [read(1, 0, 1), write(1, 2, 3)], 1],
    ['nothing, before anything was written', [read(0, 0, 1), write(1, 2, 3)], 0],
    ['nothing, after a write', [write(1, 0, 1), read(0, 2, 3)], 1],
    ['nothing, after a delete', [write(1, 0, 1), write(0, 2, 3), read(0, 4, 5)], 0],
    ['nothing, after a delete and a write', [write(0, 0, 1), write(1, 2, 3), read(0, 4, 5)], 1],
    ['a value after its delete', [write(1, 0, 1), write(0, 2, 3), read(1, 4, 5)], 1],
  ])('%s', (_, history, stale) => {
    expect(staleReads(history)).toHaveLength(stale);
  });
});
