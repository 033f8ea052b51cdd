import { describe, expect, test } from 'vitest';
import { STRATEGY_NAMES } from '../../../src/file/index.js';
import { CLEAN, raceOne, SAFE } from '../../helpers/race.js';

/** For each cell of the table. `HOLDFAST_STRESS_SECONDS` changes it. */
const SECONDS = Number(process.env['HOLDFAST_STRESS_SECONDS'] ?? 60);
const BROKEN_SECONDS = Math.min(SECONDS, 5);
const CROWD = { readers: 8, writers: 4 } as const;
const TIMEOUT_MS = SECONDS * 1_000 + 120_000;

describe.each([71, 4_097, 1_048_576])('%d bytes, 8 readers, 4 writers', (bytes) => {
  test.each(SAFE)(
    '%s, access %s: no SIGBUS, nothing empty, torn or lost',
    { timeout: TIMEOUT_MS },
    async (name, access) => {
      const result = await raceOne(name, { ...CROWD, access, bytes, seconds: SECONDS });
      const { reads, writes, updates } = result;
      console.log(`${name}, ${access}, ${bytes} bytes: ${reads} reads, ${writes} writes`);
      expect(result).toMatchObject(CLEAN);
      expect(Math.min(reads, writes, updates)).toBeGreaterThan(0);
    },
  );

  test.each(STRATEGY_NAMES)('%s with a lock that is always granted: lost', { timeout: TIMEOUT_MS }, async (name) => {
    const options = { ...CROWD, access: 'read', bytes, seconds: BROKEN_SECONDS } as const;
    const { lost } = await raceOne(name, options, 'always granted');
    expect(lost).toBeGreaterThan(0);
  });
});
