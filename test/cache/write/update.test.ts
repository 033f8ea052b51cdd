import { readFileSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FileCache } from '../../../src/cache/file-cache.js';
import { decodeHeader, type EntryHeader } from '../../../src/cache/format/entry.js';
import type { Change, UpdateOptions } from '../../../src/cache/write/update.js';
import { clearDirectoryNow } from '../../helpers/cache.js';
import { entryPath, openCache } from '../../helpers/file-cache.js';
import { surelyFree } from '../../helpers/times.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const NOW = Date.UTC(2026, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

type Update = (
  cache: FileCache<number>,
  key: string,
  change: Change<number>,
  options?: UpdateOptions,
) => Promise<number | undefined>;

const updates: [name: string, Update][] = [
  ['update', (cache, key, change, options) => surelyFree(cache.update(key, change, options))],
  ['updateSync', async (cache, key, change, options) => cache.updateSync(key, change, options)],
];

function headerOf(directory: string, key: string): EntryHeader {
  const bytes = readFileSync(entryPath(directory, key));
  const header = decodeHeader(bytes, bytes.length);
  if (!header.ok) throw new Error(header.damage);
  return header.value;
}

/** What the header of an entry says of its times (milliseconds since `NOW`) and tags. */
function endsAndTags(directory: string, key: string) {
  const { createdAt, expiresAt, staleUntil, tags } = headerOf(directory, key);
  const times = { createdAt: createdAt - NOW, expiresAt: expiresAt - NOW, staleUntil: staleUntil - NOW };
  return { ...times, tags: tags.map(({ tag }) => tag) };
}

const increment: Change<number> = (old = 0) => old + 1;

describe.each(updates)('%s', (_, update) => {
  test('keeps the absolute expiry and the tags; createdAt is when the value was stored', async () => {
    const { cache, directory } = openCache<number>({ ttl: 500 });
    await cache.getOrSet('key', () => 1, { ttl: 1_000, staleWhileRevalidate: 5_000, tags: ['a', 'b'] });
    for (const at of [300, 900]) {
      vi.setSystemTime(NOW + at);
      await update(cache, 'key', increment);
      const expected = { createdAt: at, expiresAt: 1_000, staleUntil: 6_000, tags: ['a', 'b'] };
      expect(endsAndTags(directory, 'key')).toEqual(expected);
    }
    expect(await cache.getEntry('key')).toEqual({ value: 3, createdAt: NOW + 900, expiresAt: NOW + 1_000 });
    await cache.invalidateTags(['b']);
    expect(await cache.get('key')).toBeUndefined();
  });

  test('ttl and tags change them, one without the other', async () => {
    const { cache, directory } = openCache<number>({ ttl: 500 });
    await cache.getOrSet('key', () => 1, { ttl: 1_000, staleWhileRevalidate: 5_000, tags: ['a'] });
    vi.setSystemTime(NOW + 100);
    await update(cache, 'key', increment, { ttl: 2_000 });
    const first = { createdAt: 100, expiresAt: 2_100, staleUntil: 7_100, tags: ['a'] };
    expect(endsAndTags(directory, 'key')).toEqual(first);
    await update(cache, 'key', increment, { tags: ['b', 'c'] });
    expect(endsAndTags(directory, 'key')).toEqual({ ...first, tags: ['b', 'c'] });
    await cache.invalidateTags(['a']);
    expect(await cache.get('key')).toBe(3);
    await update(cache, 'key', increment, { ttl: Infinity, tags: [] });
    expect(endsAndTags(directory, 'key')).toEqual({
      createdAt: 100,
      expiresAt: Infinity,
      staleUntil: Infinity,
      tags: [],
    });
    await update(cache, 'key', increment, { ttl: 1_000 });
    expect(endsAndTags(directory, 'key')).toMatchObject({ expiresAt: 1_100, staleUntil: 1_100 });
    await expect(async () => update(cache, 'key', increment, { tags: 'a' as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
  });

  test('what is missing, expired or invalidated is made anew: the ttl of the cache, no tags', async () => {
    const { cache, directory } = openCache<number>({ ttl: 500 });
    await update(cache, 'missing', increment);
    await cache.set('expired', 7, { ttl: 10, tags: ['a'] });
    await cache.set('invalidated', 7, { ttl: 10_000, tags: ['a'] });
    await cache.invalidateTags(['a']);
    vi.setSystemTime(NOW + 10);
    for (const key of ['expired', 'invalidated']) expect(await update(cache, key, increment)).toBe(1);
    const fresh = { expiresAt: 510, staleUntil: 510, tags: [] };
    expect(endsAndTags(directory, 'missing')).toMatchObject({ ...fresh, expiresAt: 500, staleUntil: 500 });
    expect(endsAndTags(directory, 'expired')).toMatchObject(fresh);
    expect(endsAndTags(directory, 'invalidated')).toMatchObject(fresh);
    await update(cache, 'new', increment, { ttl: 30, tags: ['a'] });
    expect(endsAndTags(directory, 'new')).toMatchObject({ expiresAt: 40, tags: ['a'] });
  });

  test('where the entry is invalidated or expires while change runs, change runs again without it', async () => {
    const { cache, directory } = openCache<number>({ ttl: 500 });
    const during: [key: string, happens: () => void][] = [
      ['invalidated', () => void cache.invalidateTags(['a'])],
      ['expired', () => vi.setSystemTime(NOW + 1_000)],
    ];
    for (const [key, happens] of during) {
      await cache.set(key, 7, { ttl: 1_000, tags: ['a'] });
      const given: unknown[] = [];
      const change: Change<number> = (old = 0) => {
        if (given.push(old) === 1) happens();
        return old + 1;
      };
      expect(await update(cache, key, change)).toBe(1);
      expect(given).toEqual([7, 0]);
      expect(await cache.get(key)).toBe(1);
      expect(endsAndTags(directory, key).tags).toEqual([]);
    }
  });

  test('a given tag that is invalidated while change runs makes the result a miss', async () => {
    const { cache } = openCache<number>();
    let runs = 0;
    const change: Change<number> = () => {
      runs += 1;
      void cache.invalidateTags(['a']);
      return 1;
    };
    expect(await update(cache, 'key', change, { tags: ['a'] })).toBe(1);
    expect([runs, await cache.get('key')]).toEqual([1, undefined]);
  });

  test('where the cache is cleared while change runs, the result is in the new one', async () => {
    const { cache, directory } = openCache<number>();
    await cache.set('key', 7, { tags: ['a'] });
    await cache.invalidateTags(['b']);
    const given: unknown[] = [];
    const change: Change<number> = (old = 0) => {
      given.push(old);
      clearDirectoryNow(directory);
      return old + 1;
    };
    expect(await update(cache, 'key', change, { tags: ['b'] })).toBe(1);
    expect(given).toEqual([7, 0]);
    expect(await cache.get('key')).toBe(1);
    await cache.invalidateTags(['b']);
    expect(await cache.get('key')).toBeUndefined();
  });

  test('undefined removes the entry', async () => {
    const { cache } = openCache<number>();
    await cache.set('key', 7);
    expect(await update(cache, 'key', () => undefined)).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
  });
});

/** What code inside an update may do to its own entry: nothing that writes it. */
const ownWrites: Record<string, (cache: FileCache<number>) => unknown> = {
  update: (cache) => cache.update('key', increment),
  updateSync: (cache) => cache.updateSync('key', increment),
  set: (cache) => cache.set('key', 2),
  setSync: (cache) => cache.setSync('key', 2),
  setMany: (cache) => cache.setMany([['key', 2]]),
  delete: (cache) => cache.delete('key'),
  deleteSync: (cache) => cache.deleteSync('key'),
  deleteMany: (cache) => cache.deleteMany(['key']),
  writeStream: (cache) => cache.writeStream('key'),
};

const CONFLICT = expect.objectContaining({ code: 'ERR_LOCK_CONFLICT' });

test.each(Object.keys(ownWrites))('%s of the key inside its own update is ERR_LOCK_CONFLICT at once', async (name) => {
  const { cache, directory } = openCache<number>({ lockTimeout: 100 });
  const link = `${dirname(directory)}/link`;
  symlinkSync(directory, link);
  const [other, linked] = [directory, link].map((path) => openCache<number>({ directory: path }).cache);
  const write = ownWrites[name] ?? (() => undefined);
  await cache.set('key', 1);
  let runs = 0;
  for (const instance of [cache, other, linked]) {
    const change = async (old: number | undefined) => {
      runs += 1;
      await write(instance as FileCache<number>);
      return old;
    };
    await expect(surelyFree(cache.update('key', change))).rejects.toEqual(CONFLICT);
  }
  expect(runs).toBe(3);
  if (name.endsWith('Sync')) {
    const change: Change<number> = (old) => {
      write(cache);
      return old;
    };
    expect(() => cache.updateSync('key', change)).toThrow(CONFLICT);
  }
  expect(await cache.get('key')).toBe(1);
});

test('getOrSet inside an update of the key is ERR_LOCK_CONFLICT where it would load, and reads what is there', async () => {
  const { cache } = openCache<number>();
  const change = () => cache.getOrSet('key', () => 1, { ttl: 0 });
  await expect(surelyFree(cache.update('key', change))).rejects.toEqual(CONFLICT);
  await cache.set('key', 7);
  expect(await surelyFree(cache.update('key', change))).toBe(7);
});

test('an update may write other keys, read its own, and catch the conflict; what it started may write when it is over', async () => {
  const { cache } = openCache<number>();
  let over = () => {};
  const updated = new Promise<void>((resolve) => {
    over = resolve;
  });
  let started: Promise<number | undefined> | undefined;
  const change = async (old = 0) => {
    started = updated.then(() => cache.update('key', increment));
    const [inner] = await Promise.all([cache.update('other', increment), cache.get('key')]);
    const conflict = await cache.set('key', 99).catch((error: unknown) => error);
    expect(conflict).toEqual(CONFLICT);
    return old + (inner ?? 0);
  };
  expect(await surelyFree(cache.update('key', change))).toBe(1);
  over();
  expect(await started).toBe(2);
  expect(await cache.get('other')).toBe(1);
});

test('a change that is none, or gives updateSync a promise, is refused', async () => {
  const { cache } = openCache<unknown>();
  const refused = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' });
  await expect(cache.update('key', 'value' as never)).rejects.toEqual(refused);
  expect(() => cache.updateSync('key', undefined as never)).toThrow(refused);
  expect(() => cache.updateSync('key', async () => 1)).toThrow(refused);
  expect(await cache.has('key')).toBe(false);
});
