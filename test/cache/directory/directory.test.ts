import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FileCacheOptions } from '../../../src/cache/core/options.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import { README_CONTENT, TAG_CONTENT } from '../../../src/cache/format/layout.js';
import { quickFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { snapshot } from '../../helpers/snapshot.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const NOBODY = 65_534;
const UNSAFE = expect.objectContaining({ code: 'ERR_UNSAFE_DIRECTORY' });
const NOT_A_CACHE = expect.objectContaining({ code: 'ERR_NOT_A_CACHE' });

function open(directory: string | URL, options: Partial<FileCacheOptions> = {}): FileCache {
  const cache = new FileCache({ ...options, directory });
  onTestFinished(() => cache.close());
  return cache;
}

/** Opened, it works. */
async function works(directory: string, options?: Partial<FileCacheOptions>): Promise<void> {
  const cache = open(directory, options);
  cache.setSync('key', 'value');
  expect(await cache.get('key')).toBe('value');
  await cache.close();
}

describe('a directory that holds other things and is no cache is refused, and nothing in it changes', () => {
  const STRANGERS: Record<string, (directory: string) => void> = {
    "a project's root": (directory) => writeFileSync(`${directory}/package.json`, '{}'),
    'a folder v1 of something else': (directory) => {
      mkdirSync(`${directory}/v1`);
      writeFileSync(`${directory}/v1/routes.js`, '');
    },
    'a file v1': (directory) => writeFileSync(`${directory}/v1`, ''),
    "another program's cache": (directory) =>
      writeFileSync(`${directory}/CACHEDIR.TAG`, 'Signature: 8a477f597d28d172789f06886806bc55\n# made by cargo\n'),
    'a README of its own': (directory) => writeFileSync(`${directory}/README`, 'Read this.'),
    'a beginning of ours, and something else': (directory) => {
      writeFileSync(`${directory}/CACHEDIR.TAG`, '');
      writeFileSync(`${directory}/notes.txt`, '');
    },
  };

  test.each(Object.entries(STRANGERS))('%s', (_, fill) => {
    const directory = quickFolder();
    fill(directory);
    const before = snapshot(directory);
    expect(() => open(directory)).toThrow(NOT_A_CACHE);
    expect(snapshot(directory)).toEqual(before);
  });

  test('also where it took the place of a cache that was in use', async () => {
    const directory = `${quickFolder()}/cache`;
    const cache = open(directory);
    rmSync(directory, { recursive: true });
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(`${directory}/package.json`, '{}');
    await expect(cache.set('key', 'value')).rejects.toThrow(NOT_A_CACHE);
    expect(readdirSync(directory)).toEqual(['package.json']);
  });
});

describe('a directory of its own is taken', () => {
  test('an empty one, one with lost+found, a whole cache in which somebody has put something', async () => {
    const directory = quickFolder();
    await works(directory);
    writeFileSync(`${directory}/.gitignore`, '*');
    await works(directory);
    const root = quickFolder();
    mkdirSync(`${root}/lost+found`);
    await works(root);
  });

  const LENGTHS = [0, 1, 20, 60, TAG_CONTENT.length - 1, TAG_CONTENT.length];
  const HALF_MADE: [string, (directory: string) => void][] = [
    ...LENGTHS.map((length): [string, (directory: string) => void] => [
      `${length} bytes of CACHEDIR.TAG`,
      (directory) => writeFileSync(`${directory}/CACHEDIR.TAG`, TAG_CONTENT.slice(0, length)),
    ]),
    ...[0, 30, README_CONTENT.length].map((length): [string, (directory: string) => void] => [
      `${length} bytes of README`,
      (directory) => {
        writeFileSync(`${directory}/CACHEDIR.TAG`, TAG_CONTENT);
        writeFileSync(`${directory}/README`, README_CONTENT.slice(0, length));
      },
    ]),
    ['an empty v1', (directory) => mkdirSync(`${directory}/v1`, { mode: 0o700 })],
    [
      'a v1 without a format',
      (directory) => {
        mkdirSync(`${directory}/v1/era-0123456789abcdef/data`, { recursive: true, mode: 0o700 });
        writeFileSync(`${directory}/v1/format.lock`, '');
        writeFileSync(`${directory}/v1/.format-0123456789abcdef`, '{"form');
      },
    ],
  ];

  test.each(HALF_MADE)('whoever made it died after %s', async (_, make) => {
    const directory = quickFolder();
    make(directory);
    await works(directory);
    expect(readFileSync(`${directory}/CACHEDIR.TAG`, 'utf8')).toBe(TAG_CONTENT);
    expect(readFileSync(`${directory}/README`, 'utf8')).toBe(README_CONTENT);
  });
});

describe('paths', () => {
  test('a relative directory is where it was when the cache was made, whatever the working directory is', async () => {
    const [folder, elsewhere] = [quickFolder(), quickFolder()];
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(folder);
    const cache = open('cache');
    process.chdir(elsewhere);
    rmSync(`${folder}/cache`, { recursive: true });
    cache.setSync('key', 'value');
    expect([readdirSync(folder), readdirSync(elsewhere)]).toEqual([['cache'], []]);
    expect(await cache.get('key')).toBe('value');
  });

  test.each(['link', 'link/below/it'])('a link that leads nowhere is told: %s', (name) => {
    const folder = quickFolder();
    symlinkSync(`${folder}/missing`, `${folder}/link`);
    expect(() => open(`${folder}/${name}`)).toThrow(
      expect.objectContaining({
        code: 'ERR_UNSAFE_DIRECTORY',
        path: `${folder}/link`,
        message: expect.stringContaining('leads nowhere'),
      }),
    );
    expect(readdirSync(folder)).toEqual(['link']);
  });

  test('links without end are told, and a link of this user is followed, to a missing folder below it too', async () => {
    const folder = quickFolder();
    symlinkSync('b', `${folder}/a`);
    symlinkSync('a', `${folder}/b`);
    expect(() => open(`${folder}/a`)).toThrow(UNSAFE);
    mkdirSync(`${folder}/target`);
    symlinkSync('target/../target', `${folder}/link`);
    await works(`${folder}/link/one/two`);
    expect(readdirSync(`${folder}/target/one`)).toEqual(['two']);
  });
});

describe.skipIf(!needs('root'))("what another user can put in the cache's place, or into it", () => {
  test.each(['link', 'link/cache'])("another user's symbolic link is not followed: %s", (name) => {
    const folder = quickFolder();
    mkdirSync(`${folder}/target`, { mode: 0o700 });
    symlinkSync('target', `${folder}/link`);
    lchownSync(`${folder}/link`, NOBODY, NOBODY);
    expect(() => open(`${folder}/${name}`)).toThrow(UNSAFE);
    expect(readdirSync(`${folder}/target`)).toEqual([]);
  });

  test.each([
    ['belongs to another user', (path: string) => chownSync(path, NOBODY, NOBODY)],
    ['can be written to by anybody, as volumes of containers often are', (path: string) => chmodSync(path, 0o777)],
    [
      'can be written to by a group',
      (path: string) => {
        chownSync(path, 0, NOBODY);
        chmodSync(path, 0o770);
      },
    ],
  ])('a folder above it that %s is no obstacle, and what is put in its place is', async (_, change) => {
    const folder = quickFolder();
    mkdirSync(`${folder}/above/below`, { recursive: true, mode: 0o755 });
    change(`${folder}/above`);
    const directory = `${folder}/above/below/cache`;
    await works(directory);
    renameSync(directory, `${folder}/above/below/former`);
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, NOBODY, NOBODY);
    expect(() => open(directory)).toThrow(UNSAFE);
  });

  test.each([
    ['v1', ''],
    ['the era', 'era'],
    ['data', 'era/data'],
    ['flights', 'era/flights'],
    ['trash', 'era/trash'],
  ])('%s inside it of another owner, writable by others, or a link, is refused', async (_, name) => {
    const directory = mkdtempSync(`${quickFolder()}/`);
    await works(directory);
    const era = readdirSync(`${directory}/v1`).find((found) => found.startsWith('era-')) ?? '';
    const path = `${directory}/v1/${name.replace('era', era)}`.replace(/\/$/, '');
    chmodSync(path, 0o777);
    expect(() => open(directory)).toThrow(UNSAFE);
    chmodSync(path, 0o700);
    chownSync(path, NOBODY, NOBODY);
    expect(() => open(directory)).toThrow(UNSAFE);
    chownSync(path, 0, 0);
    await works(directory);
  });

  test('a shard that others can write to is refused where they can come so far', async () => {
    const directory = quickFolder();
    chmodSync(directory, 0o755);
    await works(directory, { mode: 0o755 });
    const era = readdirSync(`${directory}/v1`).find((found) => found.startsWith('era-'));
    chmodSync(`${directory}/v1/${era}/data/7f`, 0o777);
    expect(() => open(directory, { mode: 0o755 })).toThrow(UNSAFE);
  });
});
