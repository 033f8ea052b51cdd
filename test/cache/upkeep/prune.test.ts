import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeEntry } from '../../../src/cache/format/entry.js';
import { cachePaths } from '../../../src/cache/format/layout.js';
import { prune } from '../../../src/cache/upkeep/prune.js';
import { encode, newHeader } from '../../../src/cache/write/encode.js';
import { openLockFile } from '../../../src/lock/index.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { cacheForTest, clearNow, has, noted, pathOf, put } from '../../helpers/cache.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const NOTHING = { removed: 0, bytes: 0, temporaries: 0, flightLocks: 0, eras: 0 };

describe.each(['rename', 'flock'] as const)('prune, strategy %s', (strategy) => {
  test('removes expired entries, and no others', async () => {
    const core = cacheForTest({ strategy });
    for (let n = 0; n < 50; n += 1) put(core, `expired ${n}`, 'value', 1);
    for (let n = 0; n < 50; n += 1) put(core, `lasting ${n}`, 'value', n % 2 === 0 ? 60_000 : undefined);
    await delay(5);
    const before = noted(core).bytes;
    const { removed, bytes } = await prune(core);
    expect(removed).toBe(50);
    expect(noted(core)).toMatchObject({ entries: 50, bytes: before - bytes, marked: 0 });
    for (let n = 0; n < 50; n += 1) expect(has(core, `lasting ${n}`)).toBe(true);
    expect(await prune(core)).toEqual(NOTHING);
  });
});

describe('prune', () => {
  test('keeps what may still be given out as stale', async () => {
    const core = cacheForTest();
    const place = core.place('key');
    core.storage.putSync(place, encode(core, place, 'value', { ttl: 1, staleMs: 60_000 }));
    await delay(5);
    expect(await prune(core)).toEqual(NOTHING);
    expect(has(core, 'key')).toBe(true);
  });

  test('an entry that is written again after it was looked at stays', async () => {
    const core = cacheForTest();
    const other = cacheForTest({ directory: core.directory });
    put(core, 'key', 'value', 1);
    await delay(5);
    const { shard } = core.place('key');
    const section = core.sections.inside.bind(core.sections);
    let sections = 0;
    core.sections.inside = (at, mode, work, signal) => {
      if (at === shard) sections += 1;
      // The second one is that which removes.
      if (at === shard && sections === 2) put(other, 'key', 'a new value');
      return section(at, mode, work, signal);
    };
    expect(await prune(core)).toEqual(NOTHING);
    expect(sections).toBe(2);
    expect(has(core, 'key')).toBe(true);
  });

  test('leaves what is damaged to verify', async () => {
    const core = cacheForTest();
    const path = put(core, 'key', 'value', 1);
    await delay(5);
    writeFileSync(path, 'damage');
    expect(await prune(core)).toEqual(NOTHING);
    expect(existsSync(path)).toBe(true);
  });

  test('removes temporaries that nobody works on, and none that somebody does', async () => {
    const core = cacheForTest();
    const folder = dirname(put(core, 'key', 'value'));
    writeFileSync(`${folder}/.orphan`, '12345');
    const live = openLockFile(`${folder}/.live`, undefined);
    expect(syscalls.tryFlock(live.fd, 'exclusive')).toBe(true);
    mkdirSync(`${folder}/.folder`);
    symlinkSync('/etc/passwd', `${folder}/.link`);
    expect(await prune(core)).toEqual({ ...NOTHING, temporaries: 3, bytes: 5 });
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual(['.live']);
    expect(existsSync('/etc/passwd')).toBe(true);
    syscalls.close(live.fd);
    expect(await prune(core)).toEqual({ ...NOTHING, temporaries: 1 });
  });

  test('loses nothing where whoever made a temporary removes it at the same moment', async () => {
    const core = cacheForTest();
    const path = `${dirname(put(core, 'key', 'value'))}/.given-up`;
    writeFileSync(path, '');
    const { tryFlock } = syscalls;
    const restore = replaceSyscalls({
      tryFlock(fd, mode) {
        // Between the look at it and the lock on it.
        if (readlinkSync(`/proc/self/fd/${fd}`) === path) unlinkSync(path);
        return tryFlock(fd, mode);
      },
    });
    onTestFinished(restore);
    expect(await prune(core)).toEqual(NOTHING);
    expect(existsSync(path)).toBe(false);
    expect(has(core, 'key')).toBe(true);
  });

  test('passes over an era that whoever began it gives up at the same moment', async () => {
    const core = cacheForTest();
    const folder = `${cachePaths(core.directory).version}/new-0123`;
    mkdirSync(folder);
    const { rename } = syscalls;
    const restore = replaceSyscalls({
      rename(from, to) {
        if (from === folder) rmdirSync(folder);
        rename(from, to);
      },
    });
    onTestFinished(restore);
    expect(await prune(core)).toEqual(NOTHING);
    expect(existsSync(folder)).toBe(false);
  });

  test('removes locks of flights that nobody holds', async () => {
    const core = cacheForTest();
    const { flights } = core.sections.era.paths;
    writeFileSync(`${flights}/idle.lock`, '');
    const held = openLockFile(`${flights}/held.lock`, undefined);
    expect(syscalls.tryFlock(held.fd, 'exclusive')).toBe(true);
    expect(await prune(core)).toEqual({ ...NOTHING, flightLocks: 1 });
    expect(readdirSync(flights)).toEqual(['held.lock']);
    syscalls.close(held.fd);
  });

  test('empties the trash, and removes former eras and those that were never published', async () => {
    const core = cacheForTest();
    put(core, 'key', 'value');
    const { version } = cachePaths(core.directory);
    mkdirSync(`${core.sections.era.paths.trash}/something/deep`, { recursive: true });
    mkdirSync(`${version}/ended-0123/data`, { recursive: true });
    mkdirSync(`${version}/era-0123/data`, { recursive: true });
    writeFileSync(`${version}/.format-0123`, '');
    expect(await prune(core)).toEqual({ ...NOTHING, eras: 2 });
    expect(readdirSync(core.sections.era.paths.trash)).toEqual([]);
    const names = readdirSync(version).filter((name) => !name.endsWith('.lock'));
    expect(names.sort()).toEqual([core.sections.era.paths.folder.split('/').at(-1), 'format'].sort());
    expect(has(core, 'key')).toBe(true);
  });

  test('can be broken off, and told of', async () => {
    const core = cacheForTest();
    put(core, 'key', 'value');
    const controller = new AbortController();
    const shards: number[] = [];
    const onProgress = (progress: { shards: number; of: number }) => {
      shards.push(progress.shards);
      if (progress.shards === 3) controller.abort(new Error('enough'));
    };
    await expect(prune(core, { signal: controller.signal, onProgress })).rejects.toThrow('enough');
    expect(shards).toEqual([1, 2, 3]);
  });

  test('an era that ends meanwhile ends it', async () => {
    const core = cacheForTest();
    const other = cacheForTest({ directory: core.directory });
    put(core, 'key', 'value', 1);
    const pruning = prune(core, { onProgress: ({ shards }) => shards === 1 && clearNow(other) });
    await expect(pruning).resolves.toMatchObject({ removed: 0 });
    put(core, 'key', 'value');
    expect(has(core, 'key')).toBe(true);
  });

  test('an entry under the name of another hash is not taken for its own', async () => {
    const core = cacheForTest();
    const path = put(core, 'key', 'value');
    const place = core.place('other');
    writeFileSync(path, encodeEntry(newHeader(core, place, {}), Buffer.from('value')));
    expect(await prune(core)).toEqual(NOTHING);
    expect(existsSync(pathOf(core, 'key'))).toBe(true);
  });
});
