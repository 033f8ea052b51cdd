import { describe, expect, test } from 'vitest';
import { needs } from '../helpers/needs.js';
import { tempest } from '../helpers/tempest.js';

/** For both strategies together. */
const SECONDS = 5;
/** What is broken shows within a few tries, on a busy machine too. */
const MOST_TRIES = 5;

describe.skipIf(!needs('tmpfs', 'koffi'))(
  'a tempest: kills, stops, clears, aborts, no space, no descriptors, all at once',
  () => {
    test.each(['rename', 'flock'] as const)('%s: no wrong value, nothing hangs, nothing is left', async (strategy) => {
      const report = await tempest({ strategy, seconds: SECONDS / 2 });
      console.log(report);
      expect(report).toMatchObject({ wrong: [], foundAgain: 0 });
      expect(report.mostEntries).toBeLessThanOrEqual(report.allowedEntries);
      expect(report.callsInSection).toBeLessThanOrEqual(1_000);
      expect(report.descriptorsLeft).toBeLessThanOrEqual(2);
      expect(report.grownKiB).toBeLessThanOrEqual(48 * 1024);
      expect(Math.min(report.operations, report.killed, report.stopped)).toBeGreaterThan(0);
    });

    test('where tags are not looked at, it shows', async () => {
      const wrong: string[] = [];
      for (let tries = 0; tries < MOST_TRIES && !wrong.some((line) => line.includes('stale')); tries += 1) {
        const report = await tempest({
          strategy: 'rename',
          seconds: SECONDS / 4,
          processes: 3,
          broken: 'no generations',
        });
        wrong.push(...report.wrong);
      }
      expect(wrong).toContainEqual(expect.stringContaining('stale'));
    });
  },
);
