import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FileCache } from '../../../src/cache/file-cache.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { entryPath, openCache } from '../../helpers/file-cache.js';
import { needs } from '../../helpers/needs.js';
import { SURELY_FREE_MS, surelyFree } from '../../helpers/times.js';

const START = 1_000_000;

/** Only the time of day is set by the test: entries expire by it, and nothing else waits for it. */
function at(milliseconds: number): void {
  if (!vi.isFakeTimers()) {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
  }
  vi.setSystemTime(START + milliseconds);
}

/** vi.waitFor would move the clock. */
async function until(holds: () => unknown): Promise<void> {
  const deadline = performance.now() + SURELY_FREE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not so after ${SURELY_FREE_MS} ms: ${holds}`);
    await nextTurn();
  }
}

function loadsTold(): { key: string; error?: Error }[] {
  const messages: { key: string; error?: Error }[] = [];
  const listen = (message: unknown) => messages.push(message as { key: string; error?: Error });
  subscribe('holdfast:load', listen);
  onTestFinished(() => {
    unsubscribe('holdfast:load', listen);
  });
  return messages;
}

const failing = () => {
  throw new Error('the database is away');
};

describe.skipIf(!needs('koffi')).each([
  ['rename', true],
  ['flock', false],
] as const)('staleWhileRevalidate, %s, tier %s', (strategy, tier) => {
  const open = () => openCache<string>({ strategy, ...(tier ? {} : { memory: false }) });
  const stored: [string, (cache: FileCache<string>) => unknown][] = [
    ['set', (cache) => cache.set('key', 'old', { ttl: 10 })],
    ['setSync', (cache) => cache.setSync('key', 'old', { ttl: 10 })],
    ['getOrSet', (cache) => cache.getOrSet('key', () => 'old', { ttl: 10 })],
  ];

  test.each(stored)('of getOrSet counts when it reads, for what %s stored without it', async (_, store) => {
    const { cache } = open();
    at(0);
    await store(cache);
    // In memory where there is a tier, and on the disk where there is none.
    expect(await cache.get('key')).toBe('old');
    const options = { staleWhileRevalidate: 100 };
    at(109);
    const end = { finish: (_: string) => {} };
    const load = vi.fn(() => new Promise<string>((resolve) => (end.finish = resolve)));
    const ask = () => cache.getOrSet('key', load, { ...options, ttl: 10 });
    expect(await surelyFree(Promise.all([ask(), ask(), ask()]))).toEqual(['old', 'old', 'old']);
    await until(() => load.mock.calls.length > 0);
    expect(load).toHaveBeenCalledWith(expect.objectContaining({ previous: 'old' }));
    expect(await ask()).toBe('old');
    end.finish('new');
    await until(async () => (await cache.get('key')) === 'new');
    expect(load).toHaveBeenCalledTimes(1);
  });

  test('does not count beyond its time, nor for a caller that wants none, nor for what a tag has invalidated', async () => {
    const { cache } = open();
    at(0);
    await cache.set('key', 'old', { ttl: 10, tags: ['tag'], staleWhileRevalidate: 1_000 });
    at(10);
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
    expect(await cache.getOrSet('key', () => 'new', { ttl: 0, staleWhileRevalidate: 0, tags: ['tag'] })).toBe('new');
    await cache.set('key', 'old', { ttl: 10, tags: ['tag'], staleWhileRevalidate: 100 });
    at(119);
    expect(await cache.getOrSet('key', () => 'new', { tags: ['tag'] })).toBe('old');
    await until(async () => (await cache.get('key')) === 'new');
    await cache.set('key', 'old', { ttl: 10, tags: ['tag'] });
    at(229);
    expect(await cache.getOrSet('key', () => 'newer', { staleWhileRevalidate: 100 })).toBe('newer');
    await cache.set('key', 'old', { ttl: 10, tags: ['tag'] });
    at(240);
    await cache.invalidateTags(['tag']);
    expect(await cache.getOrSet('key', () => 'newest', { staleWhileRevalidate: 100 })).toBe('newest');
  });

  test('of set, setSync, setMany and writeStream is stored: getOrSet without it gives the value out, and prune leaves it', async () => {
    const { cache, directory } = openCache<Buffer>({ strategy, codec: 'bytes', ...(tier ? {} : { memory: false }) });
    const options = { ttl: 10, staleWhileRevalidate: 100 };
    const old = Buffer.from('old');
    at(0);
    await cache.set('set', old, options);
    cache.setSync('setSync', old, options);
    await cache.setMany([['setMany', old]], options);
    const stream = cache.writeStream('writeStream', options);
    await new Promise<void>((resolve, reject) => stream.on('error', reject).on('close', resolve).end(old));
    await cache.set('without', old, { ttl: 10 });
    at(50);
    expect((await cache.prune()).removed).toBe(1);
    expect(existsSync(entryPath(directory, 'without'))).toBe(false);
    for (const key of ['set', 'setSync', 'setMany', 'writeStream']) {
      expect(String(await cache.getOrSet(key, () => old))).toBe('old');
    }
  });

  test('with a loader that fails gives the stale value, again and again, and tells of the failure', async () => {
    const { cache } = open();
    at(0);
    await cache.set('key', 'old', { ttl: 10 });
    const told = loadsTold();
    at(20);
    for (let time = 1; time <= 3; time += 1) {
      expect(await cache.getOrSet('key', failing, { staleWhileRevalidate: 100 })).toBe('old');
      await until(() => told.length === time);
    }
    for (const { key, error } of told) expect([key, error?.message]).toEqual(['key', 'the database is away']);
    expect(await cache.stats()).toMatchObject({ loads: 3, loadFailures: 3 });
    at(110);
    await expect(cache.getOrSet('key', failing, { staleWhileRevalidate: 100 })).rejects.toThrow('the database is away');
    expect(await cache.stats()).toMatchObject({ loadFailures: 4 });
  });

  test('what cannot be encoded is told of too', async () => {
    const { cache } = open();
    at(0);
    await cache.set('key', 'old', { ttl: 10, staleWhileRevalidate: 100 });
    const told = loadsTold();
    at(20);
    expect(await cache.getOrSet('key', () => (() => {}) as unknown as string)).toBe('old');
    await until(() => told.some(({ error }) => error?.name === 'HoldfastError'));
    expect(await cache.stats()).toMatchObject({ loads: 1, loadFailures: 1 });
  });

  test('a lock of a flight that cannot be opened is told of too', async () => {
    const { cache } = open();
    at(0);
    await cache.set('key', 'old', { ttl: 10, staleWhileRevalidate: 100 });
    const told = loadsTold();
    at(20);
    const { open: openFile } = syscalls;
    onTestFinished(
      replaceSyscalls({
        open(path, flags, mode) {
          if (path.includes('/flights/')) throw Object.assign(new Error('no descriptor'), { code: 'EMFILE' });
          return openFile(path, flags, mode);
        },
      }),
    );
    expect(await cache.getOrSet('key', () => 'new')).toBe('old');
    await until(() => told.length > 0);
    expect(told[0]?.error?.message).toBe('no descriptor');
    expect(await cache.stats()).toMatchObject({ loads: 0, loadFailures: 1 });
  });

  test('one who joins a load behind a stale value has a value of its own where that gives none', async () => {
    const { cache } = open();
    at(0);
    await cache.set('key', 'old', { ttl: 10 });
    at(20);
    let finish = () => {};
    const load = vi.fn(() => new Promise<undefined>((resolve) => (finish = () => resolve(undefined))));
    expect(await cache.getOrSet('key', load, { staleWhileRevalidate: 100 })).toBe('old');
    await until(() => load.mock.calls.length > 0);
    const joined = cache.getOrSet('key', () => 'loaded');
    finish();
    expect(await surelyFree(joined)).toBe('loaded');
  });

  test.each([-1, Number.NaN, '5'])('%s is refused', async (wrong) => {
    const { cache } = open();
    const options = { staleWhileRevalidate: wrong as number };
    const refused = { code: 'ERR_INVALID_ARGUMENT' };
    await expect(cache.set('key', 'x', options)).rejects.toMatchObject(refused);
    await expect(cache.getOrSet('key', () => 'x', options)).rejects.toMatchObject(refused);
    expect(() => cache.setSync('key', 'x', options)).toThrow(expect.objectContaining(refused));
    expect(() => cache.writeStream('key', options)).toThrow(expect.objectContaining(refused));
  });
});
