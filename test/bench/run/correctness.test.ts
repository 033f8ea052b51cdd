import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ContenderName } from '../../../src/bench/index.js';
import { CONTENDER_NAMES } from '../../../src/bench/index.js';
import { measureCounting, measureStampede, STAMPEDE } from '../../../src/bench/run/correctness.js';
import { measureCell } from '../../../src/bench/run/measure-cell.js';
import { OWN_CONTENDERS } from '../../../src/bench/run/run-bench.js';
import { BROKEN, loadOf, PROCESSES } from '../../helpers/bench.js';
import { quickFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';

const { signal } = new AbortController();
const MOST_TRIES = 10;

/** Those that can be measured on this machine. */
const OURS = CONTENDER_NAMES.filter(runsHere);

function runsHere(name: ContenderName): boolean {
  if (name.startsWith('cache-')) return needs('koffi');
  return name === 'proper-lockfile' || needs('koffi') || needs('fs-ext');
}

describe('in several processes on one key, ours show nothing empty, torn or lost, and no error', () => {
  test.each(OURS)('%s', async (name) => {
    const folder = quickFolder();
    const load = loadOf(name, OWN_CONTENDERS);
    const cell = await measureCell(load, folder, signal);
    expect(cell).toMatchObject({ empty: 0, torn: 0, errors: 0, errorMessages: [] });
    const counting = await measureCounting(load, folder, signal);
    expect(counting).toMatchObject({ lost: 0, errors: 0 });
    expect(counting.increments).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(!needs('koffi'))('and the cache loads each cold key once', async () => {
    const stampede = await measureStampede(loadOf('cache-rename', OWN_CONTENDERS), quickFolder(), signal);
    expect(stampede).toMatchObject({ loads: STAMPEDE.coldKeys, errors: 0, processes: PROCESSES, callers: 50 });
  });
});

/** What two processes show only where they meet comes within a few tries, on a busy machine too. */
async function untilSeen<T>(measure: () => Promise<T>, seen: (measured: T) => boolean): Promise<T> {
  let measured = await measure();
  for (let tries = 1; tries < MOST_TRIES && !seen(measured); tries += 1) measured = await measure();
  return measured;
}

describe('what is broken on purpose is found out by the same measuring', () => {
  test('a writer that truncates: empty or torn reads', async () => {
    const load = loadOf('truncating', BROKEN, { bytes: 100_000, processes: 8 });
    const cell = await untilSeen(
      () => measureCell(load, quickFolder(), signal),
      ({ torn }) => torn > 0,
    );
    expect(cell.torn).toBeGreaterThan(0);
    expect(cell.errors).toBe(0);
  });

  test('values that nobody has written: every read is torn', async () => {
    const cell = await measureCell(loadOf('mixing', BROKEN, { reads: 100 }), quickFolder(), signal);
    expect(cell.torn).toBe(cell.operations);
    expect(cell.torn).toBeGreaterThan(0);
  });

  test('a store that forgets: every read is empty', async () => {
    const cell = await measureCell(loadOf('forgetful', BROKEN, { reads: 100 }), quickFolder(), signal);
    expect(cell.empty).toBe(cell.operations);
    expect(cell.empty).toBeGreaterThan(0);
  });

  test('increments without a lock: some are lost', async () => {
    const counting = await untilSeen(
      () => measureCounting(loadOf('losing', BROKEN), quickFolder(), signal),
      ({ lost }) => lost > 0,
    );
    expect(counting.lost).toBeGreaterThan(0);
    expect(counting.lost).toBeLessThan(counting.increments);
  });

  test('a cache that lets everybody load: as many loads as callers', async () => {
    const stampede = await measureStampede(loadOf('stampeding', BROKEN), quickFolder(), signal);
    expect(stampede.loads).toBe(PROCESSES * STAMPEDE.callers * STAMPEDE.coldKeys);
  });

  test('operations that throw: counted apart, with what they said', async () => {
    const cell = await measureCell(loadOf('failing', BROKEN, { reads: 100 }), quickFolder(), signal);
    expect(cell).toMatchObject({ operations: 0, cpuSecondsPerMillion: null, errorMessages: ['no reading today'] });
    expect(cell.errors).toBeGreaterThan(0);
    expect(cell.latency).toEqual({ p50: null, p95: null, p99: null, max: null });
  });
});
