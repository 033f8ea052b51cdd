import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { absolutePath, parentFolder, resolveFile } from '../../src/os/paths.js';
import { temporaryFolder } from '../helpers/folder.js';

describe('absolutePath', () => {
  test('puts the working directory before a relative path, and normalises nothing', () => {
    expect(absolutePath('a/../b')).toBe(`${process.cwd()}/a/../b`);
    expect(absolutePath('/a/../b')).toBe('/a/../b');
  });

  test('decodes a file: URL', () => {
    expect(absolutePath(new URL('file:///a%20b/c'))).toBe('/a b/c');
  });

  test.each(['', 'a\0b', new URL('http://localhost/a'), undefined])('refuses %j', (path) => {
    expect(() => absolutePath(path as string)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  });
});

describe('resolveFile', () => {
  test('follows relative and absolute links of the last component, one after the other', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'target'), '');
    symlinkSync('../target', join(folder, 'sub', 'relative'));
    symlinkSync(join(folder, 'sub', 'relative'), join(folder, 'absolute'));

    const { path, stats } = resolveFile(join(folder, 'absolute'));
    expect(path).toBe(`${folder}/sub/../target`);
    expect(stats?.isFile()).toBe(true);
  });

  test('names the file that a dangling link would make', () => {
    const folder = temporaryFolder();
    symlinkSync('nothing', join(folder, 'link'));
    expect(resolveFile(join(folder, 'link'))).toEqual({ path: `${folder}/nothing`, stats: undefined });
  });
});

test.each([
  ['/a/b', '/a'],
  ['/a', '/'],
  ['/', '/'],
])('the parent folder of %s is %s', (path, folder) => {
  expect(parentFolder(path)).toBe(folder);
});
