import { readdirSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { endEraIn } from '../../src/cache/era/era.js';
import { FileCache } from '../../src/cache/file-cache.js';
import { errorCode } from '../../src/errors.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { mountTmpfs } from '../helpers/mount.js';
import { needs } from '../helpers/needs.js';
import { run } from '../helpers/run.js';

const VALUE = 'x'.repeat(3_000);
const LARGE = 'y'.repeat(20_000);

describe.skipIf(!needs('tmpfs', 'koffi'))('a cache on a disk of 4 MiB that is full', () => {
  describe.each(['rename', 'flock'] as const)('%s', (strategy) => {
    test('everything set before stays readable, and ENOSPC is told', async () => {
      const { cache, keys, directory } = await filled(strategy);
      for (const key of keys) expect(cache.getSync(key)).toBe(VALUE);
      const other = new FileCache({ directory, strategy });
      expect(await other.getMany(keys)).toHaveLength(keys.length);
      expect(await other.verify()).toMatchObject({ entries: keys.length, counts: {} });
      await Promise.all([cache.close(), other.close()]);
      expect(openFilesIn(directory)).toEqual([]);
    });

    test('an old value stays where the new one finds no room', async () => {
      const { cache, keys } = await filled(strategy);
      const [key = ''] = keys;
      await expect(cache.set(key, LARGE)).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(() => cache.updateSync(key, () => LARGE)).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
      expect(await cache.getOrSet('absent', () => LARGE)).toBe(LARGE);
      expect(await cache.stats()).toMatchObject({ loads: 1, loadsNotStored: 1 });
      expect([cache.getSync(key), cache.hasSync('absent')]).toEqual([VALUE, false]);
      expect(await cache.verify()).toMatchObject({ counts: {} });
      await cache.close();
    });

    test('deleting makes room, and so does clear', async () => {
      const { cache, keys, directory } = await filled(strategy);
      for (const key of keys.slice(0, 10)) expect(await cache.delete(key)).toBe(true);
      await cache.set('new', LARGE);
      expect(await cache.get('new')).toBe(LARGE);
      await fill(cache);
      await cache.clear();
      await cache.set('new', LARGE);
      expect(await cache.stats()).toMatchObject({ entries: 1 });
      await cache.close();
      expect(readdirSync(`${directory}/v1`).filter((name) => name.startsWith('ended-'))).toEqual([]);
    });

    test('while there is no era and no room for one, reads are misses, and what is loaded is given', async () => {
      const { cache, directory } = await filled(strategy);
      // It has ended, with all entries, and others have taken the space.
      const [era] = readdirSync(`${directory}/v1`).filter((name) => name.startsWith('era-'));
      endEraIn(`${directory}/v1/${era}`);
      renameSync(`${directory}/v1/${era}`, `${directory}/../others`);
      expect([await cache.get('key'), cache.getSync('key'), cache.hasSync('key')]).toEqual([
        undefined,
        undefined,
        false,
      ]);
      for (const value of ['1', '2']) expect(await cache.getOrSet('key', () => value, { tags: ['tag'] })).toBe(value);
      await expect(cache.set('key', VALUE)).rejects.toMatchObject({ code: 'ENOSPC' });
      rmSync(`${directory}/../others`, { recursive: true });
      expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
      expect(await cache.get('key')).toBe('loaded');
      expect(await cache.stats()).toMatchObject({ loads: 3, loadsNotStored: 2 });
      await cache.close();
      expect(openFilesIn(directory)).toEqual([]);
    });

    test('no word of shared memory is SIGBUS: another process touches all of them', async () => {
      const { cache, directory } = await filled(strategy);
      const toucher = run('touch-words.mjs', [directory]);
      expect(await toucher.ended).toMatchObject({ exitCode: 0, stdout: 'touched', stderr: '' });
      await cache.close();
    });
  });

  test.each(['size=100k', 'size=500k', 'size=800k', 'size=4m,nr_inodes=20', 'size=4m,nr_inodes=400'])(
    'one with %s, too small for a cache: making one is ENOSPC, again and again, and nothing of it is left',
    (options) => {
      const parent = mountTmpfs(options);
      const make = () => new FileCache({ directory: `${parent}/cache` });
      for (let time = 0; time < 3; time += 1) expect(make).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
      expect(readdirSync(`${parent}/cache/v1`).filter((name) => !name.endsWith('.lock'))).toEqual([]);
      expect(openFilesIn(parent)).toEqual([]);
    },
  );
});

async function filled(strategy: 'rename' | 'flock') {
  const directory = `${mountTmpfs('size=4m')}/cache`;
  const cache = new FileCache<string>({ directory, strategy });
  const keys = await fill(cache);
  expect(keys.length).toBeGreaterThan(100);
  return { directory, cache, keys };
}

/** Sets values until there is no room for another. */
async function fill(cache: FileCache<string>): Promise<string[]> {
  const keys: string[] = [];
  for (;;) {
    const key = `key ${keys.length}`;
    try {
      await cache.set(key, VALUE);
    } catch (error) {
      expect(errorCode(error)).toBe('ENOSPC');
      return keys;
    }
    keys.push(key);
  }
}
