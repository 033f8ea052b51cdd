import { describe, expect, test } from 'vitest';
import { type RaceOptions, runRace } from '../../../src/race/index.js';

describe('a race with options that make no sense is refused', () => {
  const cases: [string, object, RegExp][] = [
    ['an unknown option', { reader: 4 }, /"reader"/],
    ['an unknown strategy', { strategies: ['hope'] }, /strategy must be one of naive, flock/],
    ['no strategy', { strategies: [] }, /one or more/],
    ['a strategy twice', { strategies: ['flock', 'flock'] }, /once/],
    ['an unknown access', { access: 'telepathy' }, /mmap, read, stream/],
    ['no readers', { readers: 0 }, /readers must be a whole number from 1/],
    ['half a writer', { writers: 0.5 }, /writers must be a whole number/],
    ['no time', { seconds: 0 }, /seconds must be a number above 0/],
    ['time without end', { seconds: Number.POSITIVE_INFINITY }, /seconds/],
    ['a payload shorter than its header', { bytes: 23 }, /bytes must be a whole number from 24/],
    ['text for a number', { bytes: '71' }, /not "71"/],
    ['a negative seed', { seed: -1 }, /seed/],
    ['a folder without a name', { directory: '' }, /path/],
    ['a signal that is none', { signal: {} }, /AbortSignal/],
    ['a listener that is none', { onProgress: 'me' }, /function/],
  ];
  test.each(cases)('%s', async (_what, options, message) => {
    await expect(runRace(options as RaceOptions)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringMatching(message),
    });
  });
});
