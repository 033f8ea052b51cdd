import { finished } from 'node:stream/promises';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { errorCode } from '../../../src/errors.js';
import { openCache } from '../../helpers/file-cache.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';
import { NO_OPTIONS, REFUSED, readOnlyOptions, WRONG_VALUES } from '../../helpers/wrong-options.js';

skipWithoutKoffi();

type Cache = FileCache<unknown>;

/** Every method that takes options, the names of these, and what must not have happened where they are refused. */
const METHODS: [name: string, options: string[], call: (cache: Cache, options: never) => unknown][] = [
  ['set', ['ttl', 'tags', 'staleWhileRevalidate'], (cache, options) => cache.set('key', 'new', options)],
  ['setSync', ['ttl', 'tags', 'staleWhileRevalidate'], async (cache, options) => cache.setSync('key', 'new', options)],
  ['setMany', ['ttl', 'tags'], (cache, options) => cache.setMany([['key', 'new']], options)],
  ['setMany of none', ['ttl', 'tags'], (cache, options) => cache.setMany([], options)],
  ['update', ['ttl', 'tags'], (cache, options) => cache.update('key', () => 'new', options)],
  ['updateSync', ['ttl', 'tags'], async (cache, options) => cache.updateSync('key', () => 'new', options)],
  [
    'getOrSet',
    ['ttl', 'tags', 'staleWhileRevalidate', 'lockTimeout', 'signal'],
    (cache, options) => cache.getOrSet('missing', () => 'new', options),
  ],
  ['getOrSet of what is there', [], (cache, options) => cache.getOrSet('key', () => 'new', options)],
  ['writeStream', ['ttl', 'tags'], async (cache, options) => finished(cache.writeStream('key', options).end('"new"'))],
  ['prune', ['signal', 'onProgress'], (cache, options) => cache.prune(options)],
  ['verify', ['signal', 'onProgress', 'repair'], (cache, options) => cache.verify(options)],
];

describe.each(METHODS)('%s', (_, names, call) => {
  test('refuses what are no options, unknown ones and those of another type, and does nothing', async () => {
    const { cache } = openCache<unknown>();
    cache.setSync('key', 'old');
    const wrongValues = names.flatMap((name) => WRONG_VALUES.map((value) => ({ [name]: value })));
    for (const options of [...NO_OPTIONS, { tll: 1 }, { ttl: 1, tll: 1 }, ...wrongValues]) {
      const outcome = await Promise.resolve(call(cache, options as never)).catch(errorCode);
      expect.soft(outcome, inspect(options)).toBe('ERR_INVALID_ARGUMENT');
    }
    expect([cache.getSync('key'), cache.getSync('missing')]).toEqual(['old', undefined]);
  });

  test('takes an empty object, one without a prototype, and undefined', async () => {
    const { cache } = openCache<unknown>();
    cache.setSync('key', 'old');
    for (const options of [undefined, {}, Object.freeze({}), Object.create(null)]) await call(cache, options as never);
  });
});

test('options that are read-only, inherited, or getters of a class are taken', async () => {
  const { cache } = openCache<unknown>();
  for (const options of readOnlyOptions({ ttl: 60_000, tags: ['tag'] })) {
    for (const [name, names, call] of METHODS) {
      if (!names.includes('tags') || name === 'setMany of none') continue;
      await cache.delete('key');
      await call(cache, options as never);
      if (name === 'writeStream') continue;
      const key = name === 'getOrSet' ? 'missing' : 'key';
      expect((await cache.getEntry(key))?.expiresAt, name).toBeGreaterThan(Date.now() + 50_000);
      await cache.invalidateTags(['tag']);
      expect(await cache.has(key), name).toBe(false);
    }
  }
});

test('a cache refuses what are no options, unknown ones and those of another type', () => {
  const names = ['strategy', 'ttl', 'codec', 'maxBytes', 'maxEntries', 'inlineLimit', 'flush', 'lockTimeout'];
  const wrongValues = [...names, 'mode'].flatMap((name) =>
    WRONG_VALUES.map((value) => ({ directory: '/nowhere/holdfast', [name]: value })),
  );
  for (const options of [
    ...NO_OPTIONS,
    {},
    { directory: 5 },
    { directory: '/nowhere/holdfast', memory: 5 },
    { directory: '/nowhere/holdfast', memory: new Date(0) },
    { directory: '/nowhere/holdfast', maxByte: 1 },
    ...wrongValues,
  ]) {
    expect(() => new FileCache(options as never)).toThrow(REFUSED);
  }
});

test('setMany, getMany and deleteMany refuse what is no list; a text is none', async () => {
  const { cache } = openCache<unknown>();
  cache.setSync('k', 'old');
  for (const list of ['k', 5, null, undefined, {}]) {
    await expect(cache.setMany(list as never)).rejects.toEqual(REFUSED);
    await expect(cache.getMany(list as never)).rejects.toEqual(REFUSED);
    await expect(cache.deleteMany(list as never)).rejects.toEqual(REFUSED);
  }
  expect(cache.getSync('k')).toBe('old');
});
