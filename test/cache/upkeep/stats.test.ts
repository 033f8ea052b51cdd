import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FileCacheOptions } from '../../../src/cache/core/options.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { run } from '../../helpers/run.js';

function open(directory: string, options: Partial<FileCacheOptions> = {}): FileCache {
  const cache = new FileCache({ directory, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

describe.skipIf(!needs('koffi'))('stats', () => {
  test('counts what every instance has done, when it has closed the cache or says so itself', async () => {
    const directory = `${quickFolder()}/cache`;
    const one = open(directory);
    const other = open(directory, { memory: false });
    await one.set('key', 1);
    await one.set('gone', 2, { tags: ['tag'] });
    expect([one.getSync('key'), one.getSync('key'), await one.has('key'), other.getSync('key')]).toEqual([
      1,
      1,
      true,
      1,
    ]);
    expect([await one.get('none'), await other.has('none')]).toEqual([undefined, false]);
    await one.getOrSet('loaded', () => 3);
    expect(await one.getOrSet('loaded', () => 4)).toBe(3);
    expect([await one.delete('gone'), await one.delete('gone')]).toEqual([true, false]);
    await other.close();
    expect(await one.stats()).toEqual({
      entries: 2,
      bytes: expect.any(Number),
      diskBytes: expect.any(Number),
      hits: 5,
      memoryHits: 2,
      misses: 3,
      sets: 3,
      deletes: 1,
      evictions: 0,
      damaged: 0,
      loads: 1,
      lockWaits: expect.any(Number),
      loadFailures: 0,
      loadsNotStored: 0,
      memory: { state: 'on', entries: 2, bytes: 2, maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 },
    });
    await one.clear();
    expect(await one.stats()).toMatchObject({ entries: 0, hits: 0, sets: 0 });
  });

  test('tells that the tier is off, and why', async () => {
    const cache = open(`${quickFolder()}/cache`, { memory: false });
    expect((await cache.stats()).memory).toEqual({ state: 'off', reason: 'memory: false' });
  });

  test('counts what other processes have done', async () => {
    const directory = `${quickFolder()}/cache`;
    const workers = Array.from({ length: 4 }, () =>
      run('cache-worker.mjs', [directory, 'rename', 'increments', 'count', '50']),
    );
    for (const worker of workers) await worker.said('ready');
    for (const worker of workers) worker.say('go');
    for (const worker of workers) await worker.ended;
    expect(await open(directory).stats()).toMatchObject({ entries: 1, sets: 200 });
  });

  test('a program that is busy in one loop is counted too', async () => {
    const directory = `${quickFolder()}/cache`;
    const busy = open(directory);
    busy.setSync('key', 1);
    for (let read = 0; read <= 3 * 4096; read += 1) busy.getSync('key');
    expect((await open(directory).stats()).memoryHits).toBe(3 * 4096);
  });

  test('evictions are counted, and told on holdfast:eviction', async () => {
    const told: { directory: string; entries: number; bytes: number }[] = [];
    const listen = (message: unknown) => told.push(message as (typeof told)[0]);
    subscribe('holdfast:eviction', listen);
    onTestFinished(() => {
      unsubscribe('holdfast:eviction', listen);
    });
    const directory = `${quickFolder()}/cache`;
    const cache = open(directory, { maxEntries: 50 });
    for (let index = 0; index < 200; index += 1) cache.setSync(`key ${index}`, index);
    const { evictions, entries } = await cache.stats();
    expect(evictions + entries).toBe(200);
    expect(told.reduce((sum, report) => sum + report.entries, 0)).toBe(evictions);
    expect(told.every((report) => report.directory === directory && report.bytes > 0)).toBe(true);
  });
});
