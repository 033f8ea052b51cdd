import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { measureCell } from '../../../src/bench/run/measure-cell.js';
import { OWN_CONTENDERS } from '../../../src/bench/run/run-bench.js';
import { BROKEN, loadOf } from '../../helpers/bench.js';
import { childrenOf } from '../../helpers/children.js';
import { quickFolder } from '../../helpers/folder.js';
import { eventually } from '../../helpers/times.js';

const LOAD = loadOf('proper-lockfile', OWN_CONTENDERS, { processes: 3, keys: 10 });

/** The processes of a bench that this one has started and not reaped; the test runner may have others. */
function workers(): number[] {
  return childrenOf(process.pid).filter((pid) => !before.includes(pid));
}
const before = childrenOf(process.pid);

describe('measureCell', () => {
  test('adds up what its processes have done, and leaves neither a process nor a file', async () => {
    const folder = quickFolder();
    const cell = await measureCell(LOAD, folder, new AbortController().signal);
    expect(cell.perProcess).toHaveLength(3);
    expect(cell.operations).toBe(cell.perProcess.reduce((sum, count) => sum + count, 0));
    expect(Math.min(...cell.perProcess)).toBeGreaterThan(0);
    expect(cell.slowestToFastest).toBeCloseTo(Math.min(...cell.perProcess) / Math.max(...cell.perProcess), 3);
    const { p50, p95, p99, max } = cell.latency;
    expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].sort((a, b) => Number(a) - Number(b)));
    expect(Number(p50)).toBeGreaterThan(0);
    expect(cell).toMatchObject({ contender: 'proper-lockfile', processes: 3, reads: 50, keys: 10 });
    expect(cell.lockWaits).toBeNull();
    expect(workers()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the signal ends it with its reason, and with every process', async () => {
    const folder = quickFolder();
    const abort = new AbortController();
    const measuring = measureCell({ ...LOAD, seconds: 60 }, folder, abort.signal);
    measuring.catch(() => {});
    await eventually(() => workers().length === 3);
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(measuring).rejects.toBe(reason);
    expect(workers()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a Ctrl-C that a process hears before the driver does is an interruption, not a failure', async () => {
    const abort = new AbortController();
    const measuring = measureCell(loadOf('never-ready', BROKEN), quickFolder(), abort.signal);
    measuring.catch(() => {});
    await eventually(() => workers().length === 1);
    const [pid = 0] = workers();
    process.kill(pid, 'SIGTERM');
    await eventually(() => workers().length === 0);
    abort.abort();
    await expect(measuring).rejects.toMatchObject({ name: 'AbortError' });
  });

  test.each([
    ['dying', /Process 1 of dying ended early, with SIGKILL/],
    ['not-there', /Process 1 of not-there failed: the package is not installed/],
  ])('a contender that is %s: an error that says so, and nobody is left', async (name, message) => {
    const folder = quickFolder();
    const load = loadOf(name, BROKEN, { processes: 1, reads: 100 });
    await expect(measureCell(load, folder, new AbortController().signal)).rejects.toThrow(message);
    expect(workers()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('processes that do not get ready can be ended by the signal', async () => {
    const abort = new AbortController();
    const measuring = measureCell(loadOf('never-ready', BROKEN), quickFolder(), abort.signal);
    measuring.catch(() => {});
    await eventually(() => workers().length === 1);
    abort.abort();
    await expect(measuring).rejects.toMatchObject({ name: 'AbortError' });
    expect(workers()).toEqual([]);
  });
});
