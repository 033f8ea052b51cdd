import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FileCacheOptions } from '../../../src/cache/core/options.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import { placeOf } from '../../../src/cache/format/key.js';
import { quickFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { surelyFree } from '../../helpers/times.js';
import { warningsAreMeant } from '../../helpers/warnings.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();
warningsAreMeant('HOLDFAST_DAMAGED_ENTRY');

const NOBODY = 65_534;

function open<V = string>(options: Partial<FileCacheOptions<V>> = {}): FileCache<V> {
  const cache = new FileCache<V>({ directory: `${quickFolder()}/cache`, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

function pathOf(directory: string, key: string): string {
  const { era } = JSON.parse(readFileSync(`${directory}/v1/format`, 'utf8')) as { era: string };
  const { hash } = placeOf(key);
  return `${directory}/v1/${era}/data/${hash.slice(0, 2)}/${hash}`;
}

describe('keys', () => {
  test.each(['../../etc/passwd', '/etc/passwd', '.', '..', 'a\0b', 'v1/format', '\u{1f512}'])(
    '%j is a key as any other',
    async (key) => {
      const parent = quickFolder();
      const cache = open({ directory: `${parent}/cache` });
      await cache.set(key, 'value');
      expect([cache.getSync(key), readdirSync(parent)]).toEqual(['value', ['cache']]);
      expect(await cache.verify()).toMatchObject({ entries: 1, found: 0 });
    },
  );

  test.each(['', 'x'.repeat(2 ** 20), '\ud800', 'a\udc00b'])(
    'what is none is ERR_INVALID_KEY: case %#',
    async (key) => {
      const cache = open();
      const refused = expect.objectContaining({ code: 'ERR_INVALID_KEY' });
      await expect(cache.set(key, 'value')).rejects.toEqual(refused);
      await expect(cache.getOrSet(key, () => 'value')).rejects.toEqual(refused);
      expect(() => cache.getSync(key)).toThrow(refused);
      expect(await cache.stats()).toMatchObject({ entries: 0 });
    },
  );
});

/** Each puts something in the place of an entry that another process, or an administrator, might have put there. */
const INTRUDERS: Record<string, (path: string) => void> = {
  'a symbolic link to an entry outside': (path) => {
    copyFileSync(path, `${path.slice(0, path.indexOf('/v1/'))}.outside`);
    rmSync(path);
    symlinkSync(`${path.slice(0, path.indexOf('/v1/'))}.outside`, path);
  },
  'a symbolic link to itself': (path) => {
    rmSync(path);
    symlinkSync(path, path);
  },
  'a FIFO that nobody writes to': (path) => {
    rmSync(path);
    execFileSync('mkfifo', [path]);
  },
  'a directory': (path) => {
    rmSync(path);
    mkdirSync(`${path}/inside`, { recursive: true });
  },
  'a header that claims 2^53 bytes': (path) => claim(path, 2n ** 53n),
  'a header that claims 2^64 - 1 bytes': (path) => claim(path, 2n ** 64n - 1n),
  'a header that claims 4 GiB': (path) => claim(path, 2n ** 32n),
};

/** Changes the length of the payload, and makes the checksum of the header right again (docs/entry-format.md). */
function claim(path: string, length: bigint): void {
  const bytes = readFileSync(path);
  const headerLength = 88;
  bytes.writeBigUInt64LE(length, 56);
  bytes.writeUInt32LE(crc32(bytes.subarray(76, headerLength), crc32(bytes.subarray(0, 72))), 72);
  writeFileSync(path, bytes);
}

describe.each(['rename', 'flock'] as const)('%s, in the place of an entry:', (strategy) => {
  test.each(Object.entries(INTRUDERS))('%s is a miss, and the next write puts an entry there', async (_, intrude) => {
    const directory = `${quickFolder()}/cache`;
    const cache = open({ directory, strategy });
    cache.setSync('key', 'value');
    intrude(pathOf(directory, 'key'));
    expect([await surelyFree(cache.get('key')), cache.getSync('key'), await cache.has('key')]).toEqual([
      undefined,
      undefined,
      false,
    ]);
    expect(await cache.stats()).toMatchObject({ damaged: 3 });
    expect(await surelyFree(cache.getOrSet('key', () => 'loaded'))).toBe('loaded');
    expect(cache.getSync('key')).toBe('loaded');
    expect(await cache.verify()).toMatchObject({ entries: 1 });
  });

  test.each(Object.entries(INTRUDERS))('%s can be deleted, and updated, and is named by verify', async (_, intrude) => {
    const directory = `${quickFolder()}/cache`;
    const cache = open({ directory, strategy });
    const path = pathOf(directory, 'key');
    cache.setSync('key', 'value');
    intrude(path);
    expect(await cache.verify()).toMatchObject({
      entries: 0,
      problems: expect.arrayContaining([expect.objectContaining({ path })]),
    });
    expect(cache.updateSync('key', (old) => `${old}, updated`)).toBe('undefined, updated');
    intrude(path);
    // A miss, which is no entry; it is removed all the same.
    expect(await cache.delete('key')).toBe(false);
    const left = readdirSync(path.slice(0, path.lastIndexOf('/')));
    expect(left.filter((name) => name !== 'spare')).toEqual([]);
  });

  test.skipIf(!needs('root'))("another user's file that may not be read is a miss", async () => {
    const folder = quickFolder();
    chownSync(folder, NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
    onTestFinished(() => process.seteuid?.(0));
    const directory = `${folder}/cache`;
    const cache = open({ directory, strategy });
    cache.setSync('key', 'value');
    process.seteuid?.(0);
    const path = pathOf(directory, 'key');
    chownSync(path, 0, 0);
    chmodSync(path, 0o600);
    process.seteuid?.(NOBODY);
    expect([await cache.get('key'), cache.getSync('key')]).toEqual([undefined, undefined]);
    cache.setSync('key', 'new');
    expect(await cache.get('key')).toBe('new');
    await cache.close();
  });

  test.skipIf(!needs('root'))("a directory that is another user's is refused", () => {
    const folder = quickFolder();
    mkdirSync(`${folder}/cache`);
    chownSync(`${folder}/cache`, NOBODY, NOBODY);
    expect(() => open({ directory: `${folder}/cache`, strategy })).toThrow(
      expect.objectContaining({ code: 'ERR_UNSAFE_DIRECTORY' }),
    );
  });
});
