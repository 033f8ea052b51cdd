import { describe, expect, test } from 'vitest';
import { needs } from '../helpers/needs.js';
import { scaled } from '../helpers/scale.js';
import { storm } from '../helpers/storm.js';

/** For both strategies together. */
const SECONDS = scaled(2, 5);
/** What is broken shows within a few tries, on a busy machine too. */
const MOST_TRIES = 5;

describe.skipIf(!needs('koffi'))('a storm: 8 processes do everything at once, one is killed every 100 ms', () => {
  test.each(['rename', 'flock'] as const)('%s: nothing is torn, foreign or lost', async (strategy) => {
    const report = await storm(strategy, SECONDS / 2);
    const { updates, killed, totals } = report;
    expect(report).toMatchObject({ wrong: [], unexpected: [], foundAgain: 0, countedByHand: totals });
    expect(Math.min(updates, killed, totals.entries)).toBeGreaterThan(0);
  });

  test('with a lock that is always granted it shows what the lock prevents', async () => {
    const wrong: string[] = [];
    for (let tries = 0; tries < MOST_TRIES && !wrong.some((line) => line.startsWith('lost: ')); tries += 1)
      wrong.push(...(await storm('flock', SECONDS / 4, 'broken')).wrong);
    expect(wrong).toContainEqual(expect.stringMatching('^lost: '));
  });
});
