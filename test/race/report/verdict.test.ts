import { describe, expect, test } from 'vitest';
import {
  type RaceReport,
  type RaceResult,
  raceExitStatus,
  verdictOf,
  verdictSentence,
} from '../../../src/race/index.js';

function result(changes: Partial<RaceResult>): RaceResult {
  return {
    strategy: 'flock',
    reads: 1_000,
    writes: 100,
    sigbus: 0,
    empty: 0,
    torn: 0,
    updates: 2_114,
    lost: 0,
    errors: 0,
    errorMessages: [],
    firstDeathMs: null,
    elapsedMs: 5_000,
    readsPerSecond: 200,
    writesPerSecond: 20,
    readLatency: { p50: 0.1, p99: 1 },
    writeLatency: { p50: 0.1, p99: 1 },
    timeline: [],
    lives: [],
    ...changes,
  };
}

function statusOf(strategies: RaceResult[], interrupted = false): number {
  return raceExitStatus({ strategies, interrupted } as RaceReport);
}

const deadly = result({ strategy: 'naive', sigbus: 23, firstDeathMs: 41, lost: 310 });
const harmless = result({ strategy: 'naive' });

describe('the verdict', () => {
  test.each([
    ['naive', deadly, 'naive killed 23 readers with SIGBUS, the first after 41 ms, and lost 310 of 2,114 updates.'],
    [
      'one death',
      result({ strategy: 'naive', sigbus: 1, firstDeathMs: 3.5 }),
      'naive killed 1 reader with SIGBUS, the first after 3.5 ms.',
    ],
    [
      'bad reads',
      result({ strategy: 'naive', empty: 1_200, torn: 1, lost: 1 }),
      'naive gave 1,200 empty and 1 torn read, and lost 1 of 2,114 updates.',
    ],
    ['only empty', result({ strategy: 'naive', empty: 1 }), 'naive gave 1 empty read.'],
    ['naive without harm', harmless, 'naive showed nothing in 5.0 s: give it more time.'],
    ['a safe strategy', result({}), 'flock: no reader died, nothing empty, nothing torn, nothing lost.'],
    ['a failure', result({ torn: 2 }), 'flock FAILED: it gave 2 torn reads.'],
    ['an error', result({ errors: 3, errorMessages: ['No lock.'] }), 'flock FAILED: it met 3 errors ("No lock.").'],
    ['nobody reading', result({ reads: 0 }), 'flock showed nothing: nobody read in 5.0 s.'],
    ['nobody writing', result({ writes: 0 }), 'flock showed nothing: nobody wrote in 5.0 s.'],
  ])('%s', (_what, of, sentence) => {
    expect(verdictSentence(of)).toBe(sentence);
  });

  test.each(['sigbus', 'empty', 'torn', 'lost', 'errors'] as const)(
    'a safe strategy with one %s is broken',
    (count) => {
      expect(verdictOf(result({ [count]: 1 }))).toBe('broken');
    },
  );
});

describe('the exit status', () => {
  test('0: naive did harm, the safe strategies did none', () => {
    expect(statusOf([deadly, result({})])).toBe(0);
    expect(statusOf([result({})])).toBe(0);
  });

  test('1: a safe strategy showed something, whatever naive did', () => {
    expect(statusOf([deadly, result({ lost: 1 })])).toBe(1);
    expect(statusOf([harmless, result({ lost: 1 })])).toBe(1);
  });

  test('3: naive was asked for and showed nothing, errors aside', () => {
    expect(statusOf([harmless, result({})])).toBe(3);
    expect(statusOf([result({ strategy: 'naive', errors: 1 })])).toBe(3);
  });

  test('3: a safe strategy that nobody read or wrote with', () => {
    expect(statusOf([deadly, result({ reads: 0 })])).toBe(3);
  });

  test('130: interrupted, whatever was seen', () => {
    expect(statusOf([deadly, result({ lost: 1 })], true)).toBe(130);
  });
});
