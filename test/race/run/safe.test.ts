import { describe, expect, test } from 'vitest';
import { STRATEGY_NAMES, strategyNamed } from '../../../src/file/index.js';
import { type RaceProgress, verdictOf } from '../../../src/race/index.js';
import { CLEAN, EIGHT, raceUntil, refusalOf, SAFE } from '../../helpers/race.js';
import { scaled } from '../../helpers/scale.js';

/** One byte more than a page: a file that shrinks takes a whole page from under a mapping. */
const BYTES = 4_097;

/** As long as it takes the broken lock to show, and then some. */
function enough({ atMs, reads, writes }: RaceProgress): boolean {
  return atMs >= scaled(150, 400) && reads >= 100 && writes >= 20;
}

describe('beside 3 writers, 5 readers see no SIGBUS, nothing empty, torn or lost', () => {
  test.each(SAFE)('%s, access %s', async (strategy, access) => {
    const race = raceUntil(enough, strategy, { ...EIGHT, access, bytes: BYTES, seed: 1 });
    const code = refusalOf(strategy, access);
    if (code !== undefined) {
      await expect(race).rejects.toMatchObject({ code });
      return;
    }
    const result = await race;
    expect(result).toMatchObject(CLEAN);
    expect(Math.min(result.reads, result.writes, result.updates)).toBeGreaterThan(0);
  });
});

/**
 * Where the processes share one processor, a race of this length may lose nothing, though nothing keeps two updates apart: they are seldom
 * interrupted in their middle. What was lost is known only at the end, so it is run again.
 */
const TRIES = 8;

describe('with a lock that is always granted, the same race shows it', () => {
  test.each(STRATEGY_NAMES)('%s', { timeout: 120_000 }, async (strategy) => {
    const access = refusalOf(strategy, 'mmap') === undefined ? 'mmap' : 'read';
    const race = () => raceUntil(enough, strategy, { ...EIGHT, access, bytes: BYTES, seed: 1 }, 'always granted');
    const code = refusalOf(strategy, access);
    if (code !== undefined) {
      await expect(race()).rejects.toMatchObject({ code });
      return;
    }
    // To readers of published files the lock makes no difference.
    const harmsReaders = strategyNamed(strategy).readersLock && access === 'mmap';
    let lost = 0;
    let harmed = 0;
    for (let tried = 0; tried < TRIES && (lost === 0 || (harmsReaders && harmed === 0)); tried += 1) {
      const result = await race();
      lost += result.lost;
      harmed += result.sigbus + result.empty + result.torn;
      if (result.lost > 0) expect(verdictOf(result)).toBe('broken');
    }
    expect(lost).toBeGreaterThan(0);
    if (harmsReaders) expect(harmed).toBeGreaterThan(0);
  });
});
