import { readdirSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FileCacheOptions } from '../../src/cache/core/options.js';
import { FileCache } from '../../src/cache/file-cache.js';
import { quickFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';

function open<V = unknown>(options: Partial<FileCacheOptions<V>> = {}): FileCache<V> {
  const cache = new FileCache<V>({ directory: `${quickFolder()}/cache`, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

describe.skipIf(!needs('koffi'))('FileCache', () => {
  describe.each(['rename', 'flock'] as const)('strategy %s', (strategy) => {
    test('gives back what was set, through every instance, at once', async () => {
      const directory = `${quickFolder()}/cache`;
      const one = open({ directory, strategy });
      const other = open({ directory, strategy });
      await one.set('key', { a: 1 });
      expect(other.getSync('key')).toEqual({ a: 1 });
      other.setSync('key', { a: 2 });
      expect(await one.get('key')).toEqual({ a: 2 });
      expect([await one.has('key'), other.hasSync('key'), await one.has('none')]).toEqual([true, true, false]);
      expect(await other.delete('key')).toBe(true);
      expect([await one.get('key'), one.deleteSync('key')]).toEqual([undefined, false]);
    });

    test('an expired entry is a miss, and its times are told before that', async () => {
      vi.useFakeTimers({ toFake: ['Date'] });
      onTestFinished(() => {
        vi.useRealTimers();
      });
      const cache = open({ strategy, ttl: 1000 });
      vi.setSystemTime(5000);
      await cache.set('short', 1, { ttl: 10 });
      await cache.set('default', 2);
      await cache.set('long', 3, { ttl: Number.POSITIVE_INFINITY });
      expect(await cache.getEntry('short')).toEqual({ value: 1, createdAt: 5000, expiresAt: 5010 });
      expect(await cache.getEntry('long')).toEqual({ value: 3, createdAt: 5000 });
      vi.setSystemTime(5010);
      expect([await cache.get('short'), await cache.has('short'), await cache.get('default')]).toEqual([
        undefined,
        false,
        2,
      ]);
      vi.setSystemTime(6000);
      expect([await cache.get('default'), await cache.get('long')]).toEqual([undefined, 3]);
    });

    test('clear empties it for every instance, and deletes the files behind', async () => {
      const directory = `${quickFolder()}/cache`;
      const one = open({ directory, strategy });
      const other = open({ directory, strategy });
      for (let index = 0; index < 100; index += 1) one.setSync(`key ${index}`, index);
      await other.clear();
      expect(one.getSync('key 1')).toBeUndefined();
      one.setSync('key 1', 'new');
      expect(other.getSync('key 1')).toBe('new');
      await other.close();
      expect(readdirSync(`${directory}/v1`).filter((name) => name.startsWith('ended-'))).toEqual([]);
    });

    test('a directory that is removed is made again at the next write', async () => {
      const directory = `${quickFolder()}/cache`;
      const cache = open({ directory, strategy });
      await cache.set('key', 1);
      rmSync(`${directory}/v1`, { recursive: true });
      await cache.set('other', 2);
      expect(await open({ directory, strategy }).get('other')).toBe(2);
    });

    test('an invalidated tag makes its entries misses, and no others', async () => {
      const cache = open({ strategy });
      await cache.set('tagged', 1, { tags: ['a', 'b'] });
      await cache.set('other', 2, { tags: ['c'] });
      await cache.invalidateTags(['b']);
      expect([await cache.get('tagged'), await cache.get('other')]).toEqual([undefined, 2]);
      await cache.set('tagged', 3, { tags: ['a', 'b'] });
      expect(await cache.get('tagged')).toBe(3);
    });
  });

  test('maxEntries is kept, by set and by getOrSet, and stats tells the truth', async () => {
    const cache = open<number>({ maxEntries: 50 });
    for (let index = 0; index < 200; index += 1) {
      if (index % 2 === 0) await cache.set(`key ${index}`, index);
      else await cache.getOrSet(`key ${index}`, () => index);
    }
    const { entries } = await cache.stats();
    expect(entries).toBeGreaterThan(30);
    expect(entries).toBeLessThanOrEqual(60);
    expect(await cache.get('key 199')).toBe(199);
    expect(await cache.verify()).toMatchObject({ entries, found: 0 });
  });

  test('a value larger than maxBytes is refused, and the old one stays', async () => {
    const cache = open<string>({ maxBytes: 10_000 });
    await cache.set('key', 'old');
    await expect(cache.set('key', 'x'.repeat(20_000))).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    expect(() => cache.updateSync('key', () => 'x'.repeat(20_000))).toThrow(
      expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' }),
    );
    expect(await cache.get('key')).toBe('old');
  });

  test('prune removes what has expired', async () => {
    const cache = open<number>();
    await cache.set('gone', 1, { ttl: 0 });
    await cache.set('here', 2);
    expect(await cache.prune()).toMatchObject({ removed: 1 });
    expect(await cache.stats()).toMatchObject({ entries: 1, damaged: 0 });
  });

  test('a cache made with one strategy is refused with the other', async () => {
    const directory = `${quickFolder()}/cache`;
    open({ directory, strategy: 'rename' });
    expect(() => new FileCache({ directory, strategy: 'flock' })).toThrow(
      expect.objectContaining({ code: 'ERR_INCOMPATIBLE_CACHE' }),
    );
  });

  test('a closed cache says so, and closing again does nothing', async () => {
    const cache = open();
    await cache.close();
    await cache.close();
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' });
    expect(() => cache.getSync('key')).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CLOSED' }));
  });

  test('whoever closes waits for what has begun, also where somebody closes already', async () => {
    const cache = open();
    let stored = false;
    const storing = cache.set('key', 'x'.repeat(2_000_000)).then(() => {
      stored = true;
    });
    const first = cache.close();
    await cache.close();
    expect(stored).toBe(true);
    await Promise.all([first, storing]);
  });

  test('what the codec cannot write is refused, and the old entry stays', async () => {
    const cache = open();
    await cache.set('key', 'old');
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    await expect(cache.set('key', cyclic)).rejects.toMatchObject({ code: 'ERR_VALUE_NOT_SERIALIZABLE' });
    expect(await cache.get('key')).toBe('old');
  });
});

describe.skipIf(!needs('koffi'))('getOrSet', () => {
  test('many callers of one process cost one load', async () => {
    const cache = open<number>();
    const load = vi.fn(async () => {
      await delay(5);
      return 7;
    });
    const values = await Promise.all(Array.from({ length: 50 }, () => cache.getOrSet('key', load)));
    expect(new Set(values)).toEqual(new Set([7]));
    expect(load).toHaveBeenCalledTimes(1);
    expect(await cache.get('key')).toBe(7);
  });

  test('an error goes to everybody who waits, and is not stored', async () => {
    const cache = open<number>();
    const failing = vi.fn(async () => {
      throw new Error('no');
    });
    const outcomes = await Promise.allSettled([cache.getOrSet('key', failing), cache.getOrSet('key', failing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(failing).toHaveBeenCalledTimes(1);
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
  });

  test('undefined is given back and not stored', async () => {
    const cache = open<number>();
    expect(await cache.getOrSet('key', () => undefined)).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
  });

  test.each(['set', 'delete'] as const)(
    'a %s during the load wins, and the caller still gets what was loaded',
    async (what) => {
      const cache = open<string>();
      await cache.set('key', 'old', { ttl: 0 });
      const result = cache.getOrSet('key', async () => {
        if (what === 'set') await cache.set('key', 'set');
        else await cache.delete('key');
        return 'loaded';
      });
      expect(await result).toBe('loaded');
      expect(await cache.get('key')).toBe(what === 'set' ? 'set' : undefined);
    },
  );

  test('a tag invalidated during the load makes the result a miss', async () => {
    const cache = open<string>();
    const load = async () => {
      await cache.invalidateTags(['tag']);
      return 'loaded';
    };
    expect(await cache.getOrSet('key', load, { tags: ['tag'] })).toBe('loaded');
    expect(await cache.get('key')).toBeUndefined();
  });

  test('staleWhileRevalidate: nobody waits, and one reload is begun', async () => {
    const cache = open<number>();
    const options = { ttl: 0, staleWhileRevalidate: 60_000 };
    await cache.getOrSet('key', () => 1, options);
    let finish: (value: number) => void = () => {};
    const reload = vi.fn(() => new Promise<number>((resolve) => (finish = resolve)));
    const values = await Promise.all(Array.from({ length: 10 }, () => cache.getOrSet('key', reload, options)));
    expect(new Set(values)).toEqual(new Set([1]));
    await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1));
    expect(reload).toHaveBeenCalledWith(expect.objectContaining({ previous: 1 }));
    finish(2);
    await vi.waitFor(async () => expect(await cache.getOrSet('key', () => 3, options)).toBe(2));
  });

  test('a signal ends the wait of its caller, and of no other', async () => {
    const cache = open<number>();
    const abort = new AbortController();
    let finish: (value: number) => void = () => {};
    const load = vi.fn(() => new Promise<number>((resolve) => (finish = resolve)));
    const first = cache.getOrSet('key', load, { signal: abort.signal });
    const second = cache.getOrSet('key', load);
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(1));
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    finish(9);
    expect(await second).toBe(9);
  });

  test('the loader hears when nobody waits any more', async () => {
    const cache = open<number>();
    const abort = new AbortController();
    let heard = false;
    const result = cache.getOrSet(
      'key',
      ({ signal }) =>
        new Promise<number>((_, reject) => {
          signal.addEventListener('abort', () => {
            heard = true;
            reject(signal.reason);
          });
          abort.abort(new Error('enough'));
        }),
      { signal: abort.signal },
    );
    await expect(result).rejects.toThrow('enough');
    expect(heard).toBe(true);
  });

  test('a load that asks for its own key is ERR_LOCK_CONFLICT at once; one that asks for another is not', async () => {
    const cache = open<number>();
    const own = cache.getOrSet('key', () => cache.getOrSet('key', () => 1));
    await expect(own).rejects.toMatchObject({ code: 'ERR_LOCK_CONFLICT' });
    expect(await cache.getOrSet('key', async () => Number(await cache.getOrSet('other', () => 1)) + 1)).toBe(2);
  });

  test('setTtl decides how long the result lasts, and no lock file is left', async () => {
    const directory = `${quickFolder()}/cache`;
    const cache = open<number>({ directory });
    await cache.getOrSet('key', ({ setTtl }) => {
      setTtl(0);
      return 1;
    });
    expect(await cache.get('key')).toBeUndefined();
    const era = readdirSync(`${directory}/v1`).find((name) => name.startsWith('era-'));
    expect(readdirSync(`${directory}/v1/${era}/flights`)).toEqual([]);
  });
});
