import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { WatchList } from '../../../src/trace/record/watch-list.js';
import { temporaryFolder } from '../../helpers/folder.js';

/** A folder with `cache/a.json`, and a list that watches `cache/*.json`. */
function watching(glob = 'cache/*.json') {
  const folder = realpathSync(temporaryFolder());
  mkdirSync(join(folder, 'cache'));
  writeFileSync(join(folder, 'cache/a.json'), '');
  let now = 0;
  const list = new WatchList([join(folder, glob)], () => now);
  const later = () => {
    now += 10_000;
  };
  return { folder, list, later, find: (name: string) => list.watched(join(folder, name)) };
}

describe('is watched', () => {
  test('a data file, its sidecar, and both before they exist', () => {
    const { folder, find } = watching();
    const names = {
      data: 'cache/a.json',
      sidecar: 'cache/a.json.lock',
      next: 'cache/b.json',
      its: 'cache/b.json.lock',
    };
    expect(find(names.data)).toEqual({ kind: 'data', path: join(folder, names.data) });
    expect(find(names.sidecar)).toEqual({ kind: 'sidecar', path: join(folder, names.sidecar) });
    expect(find(names.next)).toEqual({ kind: 'data', path: join(folder, names.next) });
    expect(find(names.its)).toEqual({ kind: 'sidecar', path: join(folder, names.its) });
  });

  test.each([
    ['a URL', (path: string) => pathToFileURL(path)],
    ['a Buffer', (path: string) => Buffer.from(path)],
    ['a path with dots', (path: string) => path.replace('/cache/', '/cache/../cache/./')],
  ])('%s', (_name, form) => {
    const { folder, list } = watching();
    const path = join(folder, 'cache/a.json');
    expect(list.watched(form(path))).toEqual({ kind: 'data', path });
  });

  test('a link to a watched file, under the name of the file', () => {
    const { folder, find } = watching();
    symlinkSync('cache/a.json', join(folder, 'link'));
    expect(find('link')).toEqual({ kind: 'data', path: join(folder, 'cache/a.json') });
    expect(find('link.lock')).toEqual({ kind: 'sidecar', path: join(folder, 'link.lock') });
  });

  test('the target of a link whose name is watched', () => {
    const { folder, find } = watching();
    writeFileSync(join(folder, 'target'), '');
    symlinkSync('../target', join(folder, 'cache/link.json'));
    expect(find('cache/link.json')).toEqual({ kind: 'data', path: join(folder, 'target') });
  });

  test('what a link leads to after it was changed, a moment later', () => {
    const { folder, find, later } = watching();
    symlinkSync('cache', join(folder, 'current'));
    expect(find('current/a.json')?.path).toBe(join(folder, 'cache/a.json'));
    expect(find('other/a.json')).toBeUndefined();
    symlinkSync('cache', join(folder, 'other'));
    expect(find('other/a.json')).toBeUndefined();
    later();
    expect(find('other/a.json')?.path).toBe(join(folder, 'cache/a.json'));
  });

  test('names that begin with a dot', () => {
    expect(watching('**').find('cache/.hidden/x')?.kind).toBe('data');
  });
});

describe('is not watched', () => {
  test.each(['cache/a.txt', 'a.json', 'cache/deep/a.json', 'cache/a.json.lock.next', 'cache/a.txt.lock'])(
    '%s',
    (name) => {
      expect(watching().find(name)).toBeUndefined();
    },
  );

  test('an entry of a FileCache, whose locks are its own', () => {
    expect(watching('**').find('cache/v1/era-12ab/data/00/0123')).toBeUndefined();
  });

  test.each([undefined, null, 7, {}, '', new URL('https://example.org/a')])('%s', (argument) => {
    expect(watching('**').list.watched(argument)).toBeUndefined();
  });
});
