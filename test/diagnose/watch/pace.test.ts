import { expect, test } from 'vitest';
import { WatchPace } from '../../../src/diagnose/watch/pace.js';

test('a quiet file is looked at once, and then the watch pauses', () => {
  const pace = new WatchPace();
  expect(pace.goesOn(0, 0.01, undefined)).toBe(false);
  expect(pace.pauseMs(0.01, 0)).toBe(4);
  // Many files, or slow ones: still a fiftieth of a processor.
  expect(pace.pauseMs(1, 0)).toBe(49);
  expect(pace.pauseMs(1_000, 0)).toBe(100);
});

test('a lively one is looked at without a pause for a part of the time, to the end of its moment at 0 bytes', () => {
  const pace = new WatchPace();
  pace.stir(100);
  expect(pace.goesOn(100, 100.9, undefined)).toBe(true);
  expect(pace.goesOn(100, 101.1, undefined)).toBe(false);
  expect(pace.goesOn(100, 101.1, 100.9)).toBe(true);
  expect(pace.goesOn(100, 103.1, 100.9)).toBe(false);
  // Empty since long before: there is nothing to be exact about.
  expect(pace.goesOn(100, 101.1, 50)).toBe(false);
  expect(pace.pauseMs(1, 101)).toBe(3);
  expect(pace.isLively(1_101)).toBe(false);
});

test('a notice wakes where it was quiet', () => {
  const pace = new WatchPace();
  expect(pace.notice(100)).toBe('wake');
  expect(pace.notice(100.5)).toBe('sleep on');
  expect(pace.isLively(1_100)).toBe(true);
  expect(pace.notice(1_101)).toBe('wake');
});
