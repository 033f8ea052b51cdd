import { describe, expect, test } from 'vitest';
import type { RaceProgress } from '../../../src/race/index.js';
import { EIGHT, raceOne, raceUntil, refusalOf } from '../../helpers/race.js';
import { scaled } from '../../helpers/scale.js';

const SEEDS = scaled([1, 2], [1, 2, 3, 4, 5]);

describe('the naive strategy', () => {
  test('kills mapping readers with SIGBUS, with each of several seeds', async () => {
    const code = refusalOf('naive', 'mmap');
    if (code !== undefined) {
      await expect(raceOne('naive', { access: 'mmap' })).rejects.toMatchObject({ code });
      return;
    }
    for (const seed of SEEDS) {
      const result = await raceUntil(({ sigbus }) => sigbus > 0, 'naive', { ...EIGHT, seed });
      expect(result.sigbus).toBeGreaterThan(0);
      expect(result.timeline.flatMap(({ deaths }) => deaths)).toHaveLength(result.sigbus);
    }
  });

  test.each(['read', 'stream'] as const)('gives empty and torn reads with access %s', async (access) => {
    const seen = (progress: RaceProgress) => progress.empty > 0 && progress.torn > 0;
    const { empty, torn } = await raceUntil(seen, 'naive', { ...EIGHT, access });
    expect(Math.min(empty, torn)).toBeGreaterThan(0);
  });

  test('loses updates', async () => {
    const seen = ({ writes }: RaceProgress) => writes > 100;
    const { updates, lost } = await raceUntil(seen, 'naive', { ...EIGHT, access: 'read' });
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(updates);
  });
});
