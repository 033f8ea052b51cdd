import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { run, runProgram } from '../helpers/run.js';

const ALL_WORK = { lock: 'works', read: 'works', readUnlocked: 'works', write: 'works', update: 'works' };
const NO_LOCKS = {
  mechanism: 'ERR_LOCK_UNSUPPORTED',
  lock: 'ERR_LOCK_UNSUPPORTED',
  read: 'ERR_LOCK_UNSUPPORTED',
  readUnlocked: 'works',
  write: 'ERR_LOCK_UNSUPPORTED',
  update: 'ERR_LOCK_UNSUPPORTED',
};
const WITH_KOFFI = { map: 'works', exchange: 'exchanged' };
const WITHOUT_KOFFI = { map: 'ERR_MAP_UNSUPPORTED', exchange: 'unsupported' };

describe('what locks and maps files', () => {
  test.skipIf(!needs('fs-ext', 'koffi'))('is fs-ext on the main thread, koffi in workers', async () => {
    expect(await whatIsThere()).toEqual({
      main: { mechanism: 'fs-ext', ...ALL_WORK, ...WITH_KOFFI },
      worker: { mechanism: 'koffi', ...ALL_WORK, ...WITH_KOFFI },
    });
  });

  test.skipIf(!needs('koffi'))('is koffi everywhere where fs-ext was not built', async () => {
    const koffi = { mechanism: 'koffi', ...ALL_WORK, ...WITH_KOFFI };
    expect(await whatIsThere({ HOLDFAST_TEST_MISSING: 'fs-ext' })).toEqual({ main: koffi, worker: koffi });
  });

  test.skipIf(!needs('fs-ext'))('is fs-ext alone without koffi: no mapping, and no locks in workers', async () => {
    expect(await whatIsThere({ HOLDFAST_TEST_MISSING: 'koffi' })).toEqual({
      main: { mechanism: 'fs-ext', ...ALL_WORK, ...WITHOUT_KOFFI },
      worker: { ...NO_LOCKS, ...WITHOUT_KOFFI },
    });
  });

  test('is nothing without either: ERR_LOCK_UNSUPPORTED, and no weaker lock', async () => {
    const nothing = { ...NO_LOCKS, ...WITHOUT_KOFFI };
    expect(await whatIsThere({ HOLDFAST_TEST_MISSING: 'fs-ext,koffi' })).toEqual({ main: nothing, worker: nothing });
  });

  test.skipIf(!needs('fs-ext', 'koffi'))('can be forced to koffi', async () => {
    expect(await whatIsThere({ HOLDFAST_FLOCK: 'koffi' })).toMatchObject({
      main: { mechanism: 'koffi', ...ALL_WORK },
      worker: { mechanism: 'koffi', ...ALL_WORK },
    });
  });

  test.skipIf(!needs('koffi'))('is not koffi where fs-ext is forced and missing', async () => {
    expect(await whatIsThere({ HOLDFAST_FLOCK: 'fs-ext', HOLDFAST_TEST_MISSING: 'fs-ext' })).toMatchObject({
      main: NO_LOCKS,
    });
  });

  test('is nothing that HOLDFAST_FLOCK misspells', async () => {
    expect(await whatIsThere({ HOLDFAST_FLOCK: 'fsext' })).toMatchObject({ main: { lock: 'ERR_INVALID_ARGUMENT' } });
  });
});

describe.skipIf(!needs('fs-ext', 'koffi'))('60 short worker threads that lock, with fs-ext on the main thread,', () => {
  test('do not crash the process', async () => {
    const { stdout, exitCode, signal } = await run('short-workers.mjs', ['60', join(temporaryFolder(), 'data')]).ended;
    expect({ stdout, exitCode, signal }).toEqual({ stdout: '60', exitCode: 0, signal: undefined });
  });

  test('crash it where they load fs-ext as well', async () => {
    const args = ['60', join(temporaryFolder(), 'data')];
    const { exitCode, signal } = await run('short-workers.mjs', args, { HOLDFAST_TEST_WORKERS: 'fs-ext' }).ended;
    expect({ exitCode, signal }).not.toEqual({ exitCode: 0, signal: undefined });
  });
});

/** The report of a process in which some packages cannot be loaded. */
async function whatIsThere(env: Record<string, string> = {}): Promise<unknown> {
  const [preload, script] = ['without.mjs', 'what-is-there.mjs'].map((name) =>
    fileURLToPath(new URL(`../processes/${name}`, import.meta.url)),
  );
  const { stdout } = await runProgram(process.execPath, [`--import=${preload}`, String(script)], env).ended;
  return JSON.parse(stdout);
}
