import { expect, test } from 'vitest';
import { tempest } from '../helpers/tempest.js';

/** For each strategy. `HOLDFAST_STRESS_SECONDS` changes it. */
const SECONDS = Number(process.env['HOLDFAST_STRESS_SECONDS'] ?? 60);

test.each(['rename', 'flock'] as const)(
  'a tempest of %s: no wrong value, nothing hangs, nothing is left',
  { timeout: SECONDS * 1_000 + 120_000 },
  async (strategy) => {
    const report = await tempest({ strategy, seconds: SECONDS });
    console.log(report);
    expect(report).toMatchObject({ wrong: [], foundAgain: 0 });
    expect(report.mostEntries).toBeLessThanOrEqual(report.allowedEntries);
    expect(report.callsInSection).toBeLessThanOrEqual(1_000);
    expect(report.descriptorsLeft).toBeLessThanOrEqual(2);
    expect(report.grownKiB).toBeLessThanOrEqual(48 * 1024);
    expect(Math.min(report.operations, report.killed, report.stopped)).toBeGreaterThan(0);
  },
);
