import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FileCacheOptions } from '../../../src/cache/core/options.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import { SHARED_LAYOUT, SHARED_LENGTH } from '../../../src/cache/shared/words.js';
import { quickFolder } from '../../helpers/folder.js';
import { snapshot } from '../../helpers/snapshot.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const INCOMPATIBLE = expect.objectContaining({ code: 'ERR_INCOMPATIBLE_CACHE' });

function open(directory: string, options: Partial<FileCacheOptions> = {}): FileCache {
  const cache = new FileCache({ ...options, directory });
  onTestFinished(() => cache.close());
  return cache;
}

/** A cache that holds one value. */
async function made(): Promise<{ directory: string; format: Record<string, unknown>; era: string }> {
  const directory = `${quickFolder()}/cache`;
  const cache = open(directory);
  cache.setSync('key', 'value');
  await cache.close();
  const format = JSON.parse(readFileSync(`${directory}/v1/format`, 'utf8')) as Record<string, unknown>;
  return { directory, format, era: `${directory}/v1/${format['era']}` };
}

const OTHERS: [string, Record<string, unknown>][] = [
  ['version', { format: 2 }],
  ['version that is no number', { format: '1.5' }],
  ['strategy', { strategy: 'mapped' }],
  ['number of shards', { shards: 1024 }],
  ['number of slots', { slots: 2 ** 20 }],
  ['limit in place', { inPlaceLimit: 8192 }],
  ['version, with an era of other names', { format: 3, era: { name: 'x' } }],
];

describe('what is well-formed and unknown is ERR_INCOMPATIBLE_CACHE, and nothing is touched', () => {
  test.each(OTHERS)('a format with another %s', async (_, change) => {
    const { directory, format } = await made();
    const bytes = JSON.stringify({ ...format, ...change });
    writeFileSync(`${directory}/v1/format`, bytes);
    const before = snapshot(directory);
    expect(() => open(directory)).toThrow(INCOMPATIBLE);
    expect(snapshot(directory)).toEqual(before);
    expect(readFileSync(`${directory}/v1/format`, 'utf8')).toBe(bytes);
  });

  test('a long format of a later version', async () => {
    const { directory, format } = await made();
    writeFileSync(`${directory}/v1/format`, JSON.stringify({ ...format, format: 9, notes: 'x'.repeat(100_000) }));
    expect(() => open(directory)).toThrow(INCOMPATIBLE);
  });

  test.each([SHARED_LENGTH, SHARED_LENGTH + 4096, 4096])(
    'a `shared` of the present era with another layout, %d bytes long',
    async (length) => {
      const { directory, era } = await made();
      const words = readFileSync(`${era}/shared`);
      words.writeInt32LE(SHARED_LAYOUT + 1, 4);
      writeFileSync(`${era}/shared`, Buffer.concat([words, Buffer.alloc(4096)]).subarray(0, length));
      expect(() => open(directory)).toThrow(INCOMPATIBLE);
      expect(readdirSync(directory)).toContain('v1');
      expect(readFileSync(`${era}/shared`)).toHaveLength(length);
    },
  );

  test.each([
    ['version', { format: 2 }],
    ['strategy', { strategy: 'flock' }],
  ])('clear of a process that has the cache open: another %s', async (_, change) => {
    const { directory, format, era } = await made();
    const cache = open(directory);
    writeFileSync(`${directory}/v1/format`, JSON.stringify({ ...format, ...change }));
    await expect(cache.clear()).rejects.toThrow(INCOMPATIBLE);
    expect(cache.getSync('key')).toBe('value');
    expect(readdirSync(`${directory}/v1`)).toContain(era.split('/').at(-1));
  });
});

describe('what cannot be parsed is damage: the cache begins anew', () => {
  test.each(['', '{"format":1,', 'null', '[]', '17', '\0'.repeat(8)])('a format of %j', async (content) => {
    const { directory } = await made();
    writeFileSync(`${directory}/v1/format`, content);
    const cache = open(directory);
    expect(await cache.get('key')).toBeUndefined();
    cache.setSync('key', 'new');
    expect(open(directory).getSync('key')).toBe('new');
  });

  test('a folder in the place of the format', async () => {
    const { directory } = await made();
    rmSync(`${directory}/v1/format`);
    mkdirSync(`${directory}/v1/format/inside`, { recursive: true });
    const cache = open(directory);
    cache.setSync('key', 'new');
    expect(open(directory).getSync('key')).toBe('new');
    await cache.close();
    expect(readdirSync(`${directory}/v1`).filter((name) => name.startsWith('ended-'))).toEqual([]);
  });

  test.each([0, -1, 2 ** 30])('a layout that no version has: %d', async (layout) => {
    const { directory, era } = await made();
    const words = readFileSync(`${era}/shared`);
    words.writeInt32LE(layout, 4);
    writeFileSync(`${era}/shared`, words);
    expect(await open(directory).get('key')).toBeUndefined();
  });
});
