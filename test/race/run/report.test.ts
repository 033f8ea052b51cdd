import { readdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runRaceWith } from '../../../src/race/run/run-race.js';
import { childrenOf } from '../../helpers/children.js';
import { temporaryFolder } from '../../helpers/folder.js';

const SETUP = { childFolder: new URL('../../../dist/race/processes/', import.meta.url), lock: 'real' } as const;
/** No native code: this runs everywhere. */
const OPTIONS = { strategies: ['naive'], access: 'read', readers: 1, writers: 1 } as const;

describe('a race', () => {
  test('reports what it ran, where, and sample by sample', async () => {
    const directory = temporaryFolder();
    const seen: number[] = [];
    const onProgress = ({ atMs }: { atMs: number }) => seen.push(atMs);
    const options = { ...OPTIONS, seconds: 0.35, seed: 42, bytes: 100, directory, onProgress };
    const { schema, options: ran, environment, interrupted, strategies } = await runRaceWith(options, SETUP);
    expect(schema).toBe(1);
    expect(ran).toEqual({ ...OPTIONS, seconds: 0.35, seed: 42, bytes: 100 });
    expect(environment).toMatchObject({ node: process.version, platform: process.platform, cpus: expect.any(Number) });
    expect(interrupted).toBe(false);
    const [result] = strategies;
    const samples = result?.timeline ?? [];
    expect(samples.length).toBeGreaterThanOrEqual(2);
    expect(samples.map(({ atMs }) => atMs)).toEqual(seen);
    expect(samples.at(-1)).toMatchObject({ reads: result?.reads, writes: result?.writes, empty: result?.empty });
    expect(result?.elapsedMs).toBeGreaterThanOrEqual(350);
  });

  test('ends early by its signal, and reports what was counted', async () => {
    const enough = new AbortController();
    const onProgress = ({ reads }: { reads: number }) => {
      if (reads > 0) enough.abort();
    };
    const strategies = ['naive', 'proper-lockfile'] as const;
    const options = { ...OPTIONS, strategies, seconds: 60, signal: enough.signal, onProgress };
    const report = await runRaceWith(options, SETUP);
    expect(report.interrupted).toBe(true);
    expect(report.strategies.map(({ strategy }) => strategy)).toEqual(['naive']);
    expect(report.strategies[0]?.elapsedMs).toBeLessThan(60_000);
  });

  test('that is aborted before it begins reports nothing', async () => {
    const report = await runRaceWith({ ...OPTIONS, signal: AbortSignal.abort() }, SETUP);
    expect(report).toMatchObject({ interrupted: true, strategies: [] });
  });

  test('leaves no process and no file, also when its processes cannot start', async () => {
    const directory = temporaryFolder();
    const silent = temporaryFolder();
    for (const role of ['reader', 'writer']) writeFileSync(`${silent}/${role}.js`, 'process.exit(1);');
    const setup = { childFolder: pathToFileURL(`${silent}/`), lock: 'real' } as const;
    await expect(runRaceWith({ ...OPTIONS, directory }, setup)).rejects.toThrow(/could begin/);
    expect(readdirSync(directory)).toEqual([]);
    if (process.platform === 'linux') expect(childrenOf(process.pid)).toEqual([]);
  });

  test('rejects with the error of the system where its folder cannot be made', async () => {
    const directory = `${temporaryFolder()}/missing`;
    await expect(runRaceWith({ ...OPTIONS, directory }, SETUP)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
