import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CacheCore } from '../../../src/cache/core/core.js';
import type { Limits } from '../../../src/cache/core/limits.js';
import { MOST_EVICTIONS } from '../../../src/cache/eviction/evict.js';
import { Evictor } from '../../../src/cache/eviction/evictor.js';
import { SHARDS } from '../../../src/cache/format/key.js';
import { accessClock, lastUse } from '../../../src/cache/shared/recency.js';
import { O_CREAT, O_RDWR, replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { cacheForTest, clearNow, has, noted, pathOf, put } from '../../helpers/cache.js';
import { onDisk } from '../../helpers/ground-truth.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

/** Ten keys; of each the slot was used a moment after that of the one before. */
function tenKeys(core: CacheCore, value = 'value'): string[] {
  const keys = Array.from({ length: 10 }, (_, n) => `key ${n}`);
  keys.forEach((key, n) => {
    put(core, key, value);
    core.sections.era.words.touch(core.place(key).slot, 10 + n);
  });
  return keys;
}

/** Writes one entry more, and makes room for it. */
async function write(core: CacheCore, limits: Limits, key = 'new', value = 'value'): Promise<void> {
  const evictor = new Evictor(core, limits);
  put(core, key, value);
  await evictor.afterWrite(core.place(key), value.length);
  await evictor.close();
}

function writeSync(core: CacheCore, limits: Limits, key = 'new', value = 'value'): void {
  const evictor = new Evictor(core, limits);
  put(core, key, value);
  evictor.afterWriteSync(core.place(key), value.length);
}

describe('a write above the limit', () => {
  test.each([
    ['in turns', write],
    ['on the thread', writeSync],
  ] as const)('%s: the coldest go, as many as it takes', async (_how, writeOne) => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    await writeOne(core, { maxEntries: 11 });
    expect(noted(core).entries).toBe(11);
    await writeOne(core, { maxEntries: 9 }, 'newer');
    expect(keys.map((key) => has(core, key))).toEqual([false, false, false, ...Array(7).fill(true)]);
    expect([has(core, 'new'), has(core, 'newer')]).toEqual([true, true]);
    expect(noted(core)).toMatchObject({ entries: 9, marked: 0 });
  });

  test('goes by what the disk holds as well', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core, 'x'.repeat(5_000));
    await write(core, { maxBytes: 6 * 8_192 }, 'new', 'x'.repeat(5_000));
    expect(keys.filter((key) => has(core, key))).toEqual(keys.slice(5));
    expect(noted(core).diskBytes).toBe(6 * 8_192);
  });

  test('a read makes an entry warm', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    expect(has(core, 'key 0')).toBe(true);
    await write(core, { maxEntries: 9 });
    expect(keys.filter((key) => !has(core, key))).toEqual(['key 1', 'key 2']);
  });

  test('what was read since the candidates were chosen is warm too', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    const evictor = new Evictor(core, { maxEntries: 10 });
    for (const key of ['new', 'newer', 'newest']) {
      put(core, key, 'value');
      evictor.afterWriteSync(core.place(key), 100);
      has(core, 'key 1');
    }
    expect(keys.filter((key) => !has(core, key))).toEqual(['key 0', 'key 2', 'key 3']);
  });

  test('among those used in the same moment the one written first goes first', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    keys.forEach((key, n) => {
      core.sections.era.words.touch(core.place(key).slot, 7);
      utimesSync(pathOf(core, key), 1, 1_000 - n);
    });
    await write(core, { maxEntries: 9 });
    expect(keys.filter((key) => !has(core, key))).toEqual(['key 8', 'key 9']);
  });

  test('expired entries go before the coldest', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    put(core, 'expired 1', 'value', 1);
    put(core, 'expired 2', 'value', 1);
    put(core, 'lasting', 'value', 60_000);
    await delay(5);
    await write(core, { maxEntries: 12 });
    const all = [...keys, 'lasting', 'new', 'expired 1', 'expired 2'];
    expect(all.filter((key) => !has(core, key))).toEqual(['expired 1', 'expired 2']);
  });

  test('a cache in which everything has expired is emptied by its writes, and keeps what is new', async () => {
    const core = cacheForTest();
    for (let n = 0; n < 200; n += 1) put(core, `expired ${n}`, 'value', 1);
    await delay(5);
    const evictor = new Evictor(core, { maxEntries: 200 });
    for (let n = 0; n < 200; n += 1) {
      put(core, `new ${n}`, 'value');
      evictor.afterWriteSync(core.place(`new ${n}`), 100);
      expect(noted(core).entries).toBeLessThanOrEqual(200);
    }
    // What has expired is found by a few looks for each write, and is colder than what is new where it was not.
    const kept = Array.from({ length: 200 }, (_, n) => has(core, `new ${n}`)).filter(Boolean);
    expect(kept.length).toBeGreaterThan(180);
  });

  test('evicts no more than its share where the limit was lowered', () => {
    const core = cacheForTest();
    for (let n = 0; n < 200; n += 1) put(core, `key ${n}`, 'v');
    writeSync(core, { maxEntries: 10 });
    expect(noted(core).entries).toBe(201 - MOST_EVICTIONS);
  });

  test('a value that takes more than all those together goes on, and others have their turn meanwhile', async () => {
    const core = cacheForTest();
    for (let n = 0; n < 400; n += 1) put(core, `key ${n}`, 'v');
    const value = 'x'.repeat(300 * 4_096);
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await write(core, { maxBytes: 400 * 4_096 }, 'large', value);
    clearImmediate(next);
    expect(noted(core).diskBytes).toBeLessThanOrEqual(400 * 4_096);
    expect(has(core, 'large')).toBe(true);
    expect(turns).toBeGreaterThan(2);
  });

  test('totals that are not to be believed are counted', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    const { shard } = core.place('key 0');
    core.sections.era.words.totals.set(shard, { entries: 1_000, bytes: 1e9, blocks: 1e6 });
    core.sections.era.words.markForRecount(shard);
    await write(core, { maxEntries: 11 });
    for (let n = 0; n < 20 && noted(core).marked > 0; n += 1) await write(core, { maxEntries: 11 });
    expect(noted(core)).toMatchObject({ entries: onDisk(core.directory).entries, marked: 0 });
    expect(keys.filter((key) => has(core, key)).length).toBe(10);
  });

  test('a clear meanwhile ends it', async () => {
    const core = cacheForTest();
    tenKeys(core);
    const evictor = new Evictor(core, { maxEntries: 5 });
    clearNow(cacheForTest({ directory: core.directory }));
    evictor.afterWriteSync(core.place('key 0'), 100);
    expect(noted(core).entries).toBe(0);
    await evictor.close();
  });

  test('of a large cache only a part is known, and still the coldest go', () => {
    const core = cacheForTest();
    const now = accessClock();
    // All in one shard, so that it is no small one.
    const keys = Array.from({ length: 60_000 }, (_, n) => `key ${n}`).filter((key) => core.place(key).shard === 7);
    for (const key of keys) put(core, key, 'v');
    const cold = new Set(keys.filter((_, n) => n % 2 === 0).map((key) => core.place(key).slot));
    for (const slot of cold) core.sections.era.words.touch(slot, now - 1_000);
    const most = keys.length - 20;
    while (noted(core).entries > most) writeSync(core, { maxEntries: most }, keys[1] as string);
    const gone = keys.filter((key) => !has(core, key));
    expect(gone.length).toBe(20);
    expect(gone.every((key) => cold.has(core.place(key).slot))).toBe(true);
  });
});

test('what killed writers left is removed by those who make room', async () => {
  const core = cacheForTest();
  const [first] = tenKeys(core);
  const folder = dirname(pathOf(core, first as string));
  writeFileSync(`${folder}/.left-by-a-killed-writer`, 'half');
  const { shard } = core.place(first as string);
  writeFileSync(core.sections.era.paths.spare(shard), 'left too');
  const fd = syscalls.open(`${folder}/.under-way`, O_RDWR | O_CREAT, 0o600);
  onTestFinished(() => syscalls.close(fd));
  expect(syscalls.tryFlock(fd, 'exclusive')).toBe(true);
  await write(core, { maxEntries: 10 });
  expect(readdirSync(folder).filter((name) => name.length < 64)).toEqual(['.under-way']);
});

test('a use that was noted before the machine was started is long ago', () => {
  const core = cacheForTest();
  core.sections.era.words.touch(5, 4_000_000_000);
  expect(lastUse(core.sections.era, 5, 1_000)).toBe(0);
  core.sections.era.words.touch(5, 1_001);
  expect(lastUse(core.sections.era, 5, 1_000)).toBe(1_001);
});

describe('the limit holds after every write, by count of the files', () => {
  test.each([1, 2, 10, 50])('maxEntries: %i; what was just written stays', (maxEntries) => {
    const core = cacheForTest();
    const evictor = new Evictor(core, { maxEntries });
    for (let n = 0; n < 120; n += 1) {
      put(core, `key ${n % 80}`, 'value');
      evictor.afterWriteSync(core.place(`key ${n % 80}`), 100);
      expect(has(core, `key ${n % 80}`)).toBe(true);
      if (n % 7 === 0) expect(onDisk(core.directory).entries).toBe(Math.min(maxEntries, n + 1));
    }
    expect(onDisk(core.directory).entries).toBe(maxEntries);
  });

  test.each([
    ['rename', 1],
    ['rename', 3],
    ['flock', 1],
    ['rename', 20],
  ] as const)('maxBytes, strategy %s: %i blocks, spare files and all', (strategy, blocks) => {
    const core = cacheForTest({ strategy });
    const evictor = new Evictor(core, { maxBytes: blocks * 4_096 });
    for (let n = 0; n < 120; n += 1) {
      const key = `key ${n % 30}`;
      put(core, key, 'x'.repeat(n));
      evictor.afterWriteSync(core.place(key), 200);
      expect(has(core, key)).toBe(true);
      if (n % 7 === 0) expect(onDisk(core.directory).diskBytes).toBeLessThanOrEqual(blocks * 4_096);
    }
    expect(noted(core).diskBytes).toBeLessThanOrEqual(blocks * 4_096);
  });
});

describe('a shard that is taken', () => {
  /** The locks of all shards but those of these keys, as a process holds them that is stopped. Gives the way to release them. */
  function allTakenBut(core: CacheCore, ...keys: string[]): () => void {
    const free = new Set(keys.map((key) => core.place(key).shard));
    const fds = Array.from({ length: SHARDS }, (_, shard) => shard)
      .filter((shard) => !free.has(shard))
      .map((shard) => syscalls.open(core.sections.era.paths.shardLock(shard), O_RDWR));
    for (const fd of fds) expect(syscalls.tryFlock(fd, 'exclusive')).toBe(true);
    let held = true;
    const release = () => {
      if (held) for (const fd of fds) syscalls.close(fd);
      held = false;
    };
    onTestFinished(release);
    return release;
  }

  test('is passed over, and nobody waits for it', async () => {
    const core = cacheForTest({ lockTimeout: 60_000 });
    tenKeys(core);
    const release = allTakenBut(core, 'key 5', 'new');
    await write(core, { maxEntries: 10 });
    expect(has(core, 'key 5')).toBe(false);
    expect(has(core, 'key 0')).toBe(true);
    // Now there is nothing to be had: the write is done all the same.
    await write(core, { maxEntries: 9 });
    expect(noted(core).entries).toBe(10);
    release();
    await write(core, { maxEntries: 9 });
    expect(noted(core).entries).toBe(9);
  });

  test('is tried once for a write', async () => {
    const core = cacheForTest();
    tenKeys(core);
    allTakenBut(core, 'new');
    const tried: number[] = [];
    const { tryFlock } = syscalls;
    onTestFinished(
      replaceSyscalls({
        tryFlock: (fd, mode) => {
          tried.push(fd);
          return tryFlock(fd, mode);
        },
      }),
    );
    await write(core, { maxEntries: 5 });
    expect(tried.length).toBeGreaterThan(5);
    expect(tried.length).toBe(new Set(tried).size);
  });
});

test('a write has succeeded although no descriptor is left to make room with', async () => {
  const core = cacheForTest();
  tenKeys(core);
  put(core, 'new', 'value');
  const { open, readdir } = syscalls;
  const fail = () => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  };
  const restore = replaceSyscalls({ open: fail, readdir: fail });
  onTestFinished(restore);
  const evictor = new Evictor(core, { maxEntries: 10 });
  await evictor.afterWrite(core.place('new'), 100);
  expect(noted(core).entries).toBe(11);
  replaceSyscalls({ open, readdir });
  await evictor.afterWrite(core.place('new'), 100);
  expect(noted(core).entries).toBe(10);
});
