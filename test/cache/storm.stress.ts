import { expect, test } from 'vitest';
import { storm } from '../helpers/storm.js';

/** For each strategy. `HOLDFAST_STRESS_SECONDS` changes it. */
const SECONDS = Number(process.env['HOLDFAST_STRESS_SECONDS'] ?? 60);

test.each(['rename', 'flock'] as const)(
  'a storm of %s: nothing is torn, foreign or lost',
  { timeout: SECONDS * 1_000 + 120_000 },
  async (strategy) => {
    const report = await storm(strategy, SECONDS);
    const { updates, killed, longestWait, longestStall, totals } = report;
    console.log(
      `${strategy}: ${updates} updates, ${killed} killed; longest wait ${longestWait} ms, an idle process was not run for ${longestStall} ms`,
    );
    expect(report).toMatchObject({ wrong: [], unexpected: [], foundAgain: 0, countedByHand: totals });
    expect(Math.min(updates, killed, totals.entries)).toBeGreaterThan(0);
  },
);
