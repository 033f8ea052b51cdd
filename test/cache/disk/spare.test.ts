import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CacheCore } from '../../../src/cache/core/core.js';
import { openEntry } from '../../../src/cache/disk/read-entry.js';
import { EraEnded } from '../../../src/cache/era/era.js';
import { decodeEntry, freshEntry } from '../../../src/cache/read/fresh.js';
import { readStream } from '../../../src/cache/read/read-stream.js';
import { prune } from '../../../src/cache/upkeep/prune.js';
import { verify } from '../../../src/cache/upkeep/verify.js';
import { cacheForTest, has, pathOf, put } from '../../helpers/cache.js';
import { needs } from '../../helpers/needs.js';

function inode(path: string): number {
  return statSync(path).ino;
}

function spareOf(core: CacheCore, key: string): string {
  return core.sections.era.paths.spare(core.place(key).shard);
}

function storedValue(core: CacheCore, key: string): unknown {
  const place = core.place(key);
  const entry = freshEntry(core, place, core.storage.findSync(place));
  return entry === undefined ? undefined : decodeEntry(core, place, entry)?.value;
}

function open(core: CacheCore, key: string) {
  const opened = openEntry(core.sections.era, core.place(key));
  if (opened.kind !== 'open') throw new Error(`expected ${key} to be there`);
  return opened;
}

/** Everything that a reader who opened a file sees of it now. */
function bytesOf(fd: number): string {
  const bytes = Buffer.alloc(4_096);
  return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0));
}

describe.skipIf(!needs('koffi'))('a shard’s spare file', () => {
  test('is the version before, and the next write uses it again', () => {
    const core = cacheForTest();
    const first = inode(put(core, 'key', 'one'));
    const second = inode(put(core, 'key', 'two'));
    expect(second).not.toBe(first);
    expect(inode(spareOf(core, 'key'))).toBe(first);
    expect(inode(put(core, 'key', 'three'))).toBe(first);
    expect(inode(put(core, 'key', 'four'))).toBe(second);
    expect(storedValue(core, 'key')).toBe('four');
  });

  test('a version that a reader has open never changes, and is not used again while that is so', () => {
    const core = cacheForTest();
    put(core, 'key', 'one');
    const reader = open(core, 'key');
    const before = bytesOf(reader.fd);
    for (const value of ['two', 'three', 'four', 'five']) put(core, 'key', value);
    expect(bytesOf(reader.fd)).toBe(before);
    reader.close();
    const last = inode(pathOf(core, 'key'));
    put(core, 'key', 'six');
    put(core, 'key', 'seven');
    expect(inode(pathOf(core, 'key'))).toBe(last);
  });

  test('red: where readers are not asked for, what a reader has open changes under it', () => {
    const core = cacheForTest();
    core.sections.era.words.hasReaders = () => false;
    put(core, 'key', 'one');
    const reader = open(core, 'key');
    const before = bytesOf(reader.fd);
    put(core, 'key', 'two');
    put(core, 'key', 'three');
    expect(bytesOf(reader.fd)).not.toBe(before);
    reader.close();
  });

  test('a reader of another key of the shard does not keep it from being used', () => {
    const core = cacheForTest();
    const { shard, slot } = core.place('key');
    const other = Array.from({ length: 10_000 }, (_, index) => `other ${index}`).find((name) => {
      const place = core.place(name);
      return place.shard === shard && place.slot !== slot;
    }) as string;
    put(core, other, 'value');
    const reader = open(core, other);
    const first = inode(put(core, 'key', 'one'));
    put(core, 'key', 'two');
    expect(inode(put(core, 'key', 'three'))).toBe(first);
    reader.close();
  });

  test('a reader that was killed costs the making of a file, and nothing else', () => {
    const core = cacheForTest();
    put(core, 'key', 'one');
    core.sections.era.words.beginReading(core.place('key').slot);
    for (const value of ['two', 'three', 'four']) put(core, 'key', value);
    expect(storedValue(core, 'key')).toBe('four');
  });

  test('a reader that outlives its cache is taken off the count when it is done', async () => {
    const core = cacheForTest();
    const other = cacheForTest({ directory: core.directory });
    put(core, 'key', 'x'.repeat(300_000));
    const { slot } = core.place('key');
    const stream = await readStream(core, 'key');
    const reader = open(core, 'key');
    await core.close();
    expect(other.sections.era.words.hasReaders(slot)).toBe(true);
    await stream?.resume().toArray();
    expect(other.sections.era.words.hasReaders(slot)).toBe(true);
    reader.close();
    expect(other.sections.era.words.hasReaders(slot)).toBe(false);
  });

  test('in a cache that was closed nobody begins to read: it could not be counted', async () => {
    const core = cacheForTest();
    const other = cacheForTest({ directory: core.directory });
    put(core, 'key', 'one');
    const { era } = core.sections;
    const place = core.place('key');
    await core.close();
    expect(() => openEntry(era, place)).toThrow(EraEnded);
    expect(other.sections.era.words.hasReaders(place.slot)).toBe(false);
  });

  test('a reader that is closed twice takes nobody else off the count', () => {
    const core = cacheForTest();
    put(core, 'key', 'one');
    const [one, two] = [open(core, 'key'), open(core, 'key')];
    one.close();
    one.close();
    expect(core.sections.era.words.hasReaders(core.place('key').slot)).toBe(true);
    two.close();
    expect(core.sections.era.words.hasReaders(core.place('key').slot)).toBe(false);
  });

  test('a shorter value leaves nothing of the longer one behind it', () => {
    const core = cacheForTest();
    put(core, 'key', 'long '.repeat(100));
    put(core, 'key', 'b');
    const path = put(core, 'key', 'c');
    expect(readFileSync(path, 'latin1')).not.toContain('long');
    expect(storedValue(core, 'key')).toBe('c');
  });

  test('files larger than a page are not kept', () => {
    const core = cacheForTest();
    put(core, 'key', 'x'.repeat(5_000));
    put(core, 'key', 'one');
    expect(existsSync(spareOf(core, 'key'))).toBe(false);
  });

  test.each([
    ['gone', (path: string) => unlinkSync(path)],
    ['under a second name', (path: string) => linkSync(path, `${path}.second`)],
    ['readable by others', (path: string) => chmodSync(path, 0o644)],
    [
      'a symbolic link to something else',
      (path: string) => {
        unlinkSync(path);
        symlinkSync('/etc/passwd', path);
      },
    ],
    [
      'a folder',
      (path: string) => {
        unlinkSync(path);
        mkdirSync(path);
      },
    ],
  ])('one that is %s is not used', (_, change) => {
    const core = cacheForTest();
    put(core, 'key', 'one');
    put(core, 'key', 'two');
    const spare = spareOf(core, 'key');
    const former = inode(spare);
    change(spare);
    put(core, 'key', 'three');
    expect(storedValue(core, 'key')).toBe('three');
    expect(inode(pathOf(core, 'key'))).not.toBe(former);
    expect(statSync(pathOf(core, 'key')).mode & 0o777).toBe(0o600);
  });

  test('one that a killed writer left is not used; verify names it, and with repair or prune it goes', async () => {
    const core = cacheForTest();
    put(core, 'key', 'one');
    put(core, 'key', 'two');
    const spare = spareOf(core, 'key');
    const { words } = core.sections.era;
    // As after a kill between step 1 and step 5.
    words.setSpare(core.place('key').shard, 0);
    expect((await verify(core)).problems).toMatchObject([{ path: spare, problem: 'orphaned temporary' }]);
    expect((await verify(core, { repair: true })).problems).toHaveLength(1);
    expect(existsSync(spare)).toBe(false);
    writeFileSync(spare, 'half a ver');
    expect(await prune(core)).toMatchObject({ temporaries: 1, bytes: 10 });
    writeFileSync(spare, 'half a ver');
    put(core, 'key', 'three');
    expect(storedValue(core, 'key')).toBe('three');
    expect((await verify(core)).problems).toEqual([]);
    expect(has(core, 'key')).toBe(true);
  });

  test('one in good order is no finding of verify, and prune leaves it', async () => {
    const core = cacheForTest();
    put(core, 'key', 'one');
    put(core, 'key', 'two');
    expect((await verify(core)).problems).toEqual([]);
    await prune(core);
    expect(existsSync(spareOf(core, 'key'))).toBe(true);
  });
});
