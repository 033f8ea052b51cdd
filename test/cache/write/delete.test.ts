import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { FileCache } from '../../../src/cache/file-cache.js';
import { entryPath, openCache } from '../../helpers/file-cache.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

/** What lies there and would not be given out. */
async function fillWithMisses(cache: FileCache, directory: string): Promise<string[]> {
  await cache.set('expired', 'value', { ttl: 0 });
  await cache.getOrSet('stale', () => 'value', { ttl: 0, staleWhileRevalidate: 60_000 });
  await cache.set('invalidated', 'value', { tags: ['tag'] });
  await cache.set('large', 'x'.repeat(200_000), { tags: ['tag'] });
  await cache.invalidateTags(['tag']);
  await cache.set('damaged', 'value');
  writeFileSync(entryPath(directory, 'damaged'), 'no entry');
  return ['expired', 'stale', 'invalidated', 'large', 'damaged'];
}

describe.each(['rename', 'flock'] as const)('%s', (strategy) => {
  test.each<[string, (cache: FileCache, key: string) => Promise<boolean | number>]>([
    ['delete', (cache, key) => cache.delete(key)],
    ['deleteSync', async (cache, key) => cache.deleteSync(key)],
    ['deleteMany', async (cache, key) => (await cache.deleteMany([key])) === 1],
  ])('%s says whether there was a value, and removes in any case', async (_, remove) => {
    const { cache, directory } = openCache({ strategy });
    for (const key of await fillWithMisses(cache, directory)) {
      expect(existsSync(entryPath(directory, key)), key).toBe(true);
      expect(await remove(cache, key), key).toBe(false);
      expect(existsSync(entryPath(directory, key)), key).toBe(false);
    }
    await cache.set('present', 'value', { ttl: 60_000, tags: ['tag'] });
    expect([await remove(cache, 'present'), await remove(cache, 'present')]).toEqual([true, false]);
    expect(await cache.stats()).toMatchObject({ entries: 0, deletes: 1 });
  });
});

test('deleteMany counts the values that were there', async () => {
  const { cache, directory } = openCache();
  const misses = await fillWithMisses(cache, directory);
  await cache.setMany([
    ['one', 1],
    ['two', 2],
  ]);
  expect(await cache.deleteMany(['one', ...misses, 'two', 'one', 'none'])).toBe(2);
});

test('an entry that expires while it is in memory is no longer counted when it is deleted', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const { cache } = openCache();
    await cache.set('key', 'value', { ttl: 1_000 });
    expect(await cache.get('key')).toBe('value');
    vi.setSystemTime(Date.now() + 1_000);
    expect(await cache.delete('key')).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});
