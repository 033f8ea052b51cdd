import { utimesSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { evict, evictSync } from '../../src/cache/evict.js';
import { Evictor } from '../../src/cache/evictor.js';
import { cachePaths } from '../../src/cache/layout.js';
import { assertFits, assertLimits, isOver, wantsEviction } from '../../src/cache/limits.js';
import { accessClock, lastUse } from '../../src/cache/recency.js';
import { totals } from '../../src/cache/totals.js';
import { verify } from '../../src/cache/verify.js';
import { openLockFile, tryLockFileAt } from '../../src/lock/index.js';
import { syscalls } from '../../src/os/syscalls.js';
import { cacheForTest, has, noted, pathOf, put } from '../helpers/cache.js';
import { run } from '../helpers/run.js';
import { skipWithoutKoffi } from '../helpers/with-koffi.js';

skipWithoutKoffi();

/** Ten keys; of each the slot was used a second after that of the one before. */
function tenKeys(core: ReturnType<typeof cacheForTest>, value = 'value'): string[] {
  const keys = Array.from({ length: 10 }, (_, n) => `key ${n}`);
  keys.forEach((key, n) => {
    put(core, key, value);
    core.store.era.words.touch(core.place(key).slot, 10 + n);
  });
  return keys;
}

describe('the limits', () => {
  test('are whole numbers', () => {
    for (const limit of [0, -1, 1.5, Number.NaN, '7' as unknown as number]) {
      expect(() => assertLimits({ maxBytes: limit })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
      );
    }
    assertLimits({});
    assertLimits({ maxBytes: 1, maxEntries: undefined });
  });

  test('an entry that alone is too large is ERR_VALUE_TOO_LARGE', () => {
    expect(() => assertFits(101, { maxBytes: 100 })).toThrow(expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' }));
    assertFits(100, { maxBytes: 100 });
    assertFits(1e15, {});
  });

  test('above a limit anything goes; below it the reserve is made, but not with a large entry', () => {
    const limits = { maxBytes: 1_000 };
    expect(isOver({ entries: 1, bytes: 1_000 }, limits)).toBe(false);
    expect(wantsEviction({ entries: 2, bytes: 1_001 }, 1_001, limits)).toBe(true);
    expect(wantsEviction({ entries: 2, bytes: 1_000 }, 100, limits)).toBe(true);
    expect(wantsEviction({ entries: 1, bytes: 950 }, 950, limits)).toBe(false);
    expect(wantsEviction({ entries: 10, bytes: 0 }, 0, { maxEntries: 10 })).toBe(true);
    expect(wantsEviction({ entries: 9, bytes: 0 }, 0, { maxEntries: 10 })).toBe(false);
    expect(wantsEviction({ entries: 1, bytes: 0 }, 0, { maxEntries: 1 })).toBe(false);
  });
});

describe('eviction', () => {
  test.each([
    ['in slices', evict],
    ['on the thread', evictSync],
  ] as const)('%s: the coldest go first, down to nine tenths', async (_how, run) => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    expect(await run(core, { maxEntries: 10 })).toBeUndefined();
    expect(await run(core, { maxEntries: 9 })).toMatchObject({ entries: 2 });
    expect(keys.map((key) => has(core, key))).toEqual([false, false, ...Array(8).fill(true)]);
    expect(noted(core)).toMatchObject({ entries: 8, marked: 0 });
  });

  test('goes by bytes as well', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core, 'x'.repeat(1_000));
    const each = noted(core).bytes / 10;
    const removed = await evict(core, { maxBytes: Math.floor(each * 5.5) });
    expect(removed).toEqual({ entries: 5, bytes: each * 5 });
    expect(keys.filter((key) => has(core, key))).toEqual(keys.slice(5));
  });

  test('a read makes an entry warm', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    expect(has(core, 'key 0')).toBe(true);
    await evict(core, { maxEntries: 9 });
    expect(keys.filter((key) => !has(core, key))).toEqual(['key 1', 'key 2']);
  });

  test('among those used in the same second the one written first goes first', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    keys.forEach((key, n) => {
      core.store.era.words.touch(core.place(key).slot, 7);
      utimesSync(pathOf(core, key), 1, 1_000 - n);
    });
    await evict(core, { maxEntries: 9 });
    expect(keys.filter((key) => !has(core, key))).toEqual(['key 8', 'key 9']);
  });

  test('expired entries go before the coldest', async () => {
    const core = cacheForTest();
    const keys = tenKeys(core);
    put(core, 'expired 1', 'value', 1);
    put(core, 'expired 2', 'value', 1);
    put(core, 'lasting', 'value', 60_000);
    await delay(1_100);
    expect(await evict(core, { maxEntries: 11 })).toMatchObject({ entries: 2 });
    const all = [...keys, 'lasting', 'expired 1', 'expired 2'];
    expect(all.filter((key) => !has(core, key))).toEqual(['expired 1', 'expired 2']);
  });

  test('the entry that was just written stays, even where it takes nearly all', async () => {
    const core = cacheForTest();
    tenKeys(core, 'x'.repeat(100));
    const maxBytes = 100_000;
    put(core, 'large', 'y'.repeat(99_000));
    expect(await evict(core, { maxBytes })).toBeDefined();
    expect(has(core, 'large')).toBe(true);
    expect(noted(core).bytes).toBeLessThanOrEqual(maxBytes);
  });

  test('totals that are not to be believed are counted first', async () => {
    const core = cacheForTest();
    tenKeys(core);
    const { shard } = core.place('key 0');
    core.store.era.words.setTotals(shard, { entries: 1_000, bytes: 1e9 });
    core.store.era.words.markForRecount(shard);
    expect(await evict(core, { maxEntries: 10 })).toEqual({ entries: 0, bytes: 0 });
    expect(noted(core)).toMatchObject({ entries: 10, marked: 0 });
  });

  test('one evicts at a time', async () => {
    const core = cacheForTest();
    tenKeys(core);
    const path = `${cachePaths(core.directory).version}/evict.lock`;
    const file = openLockFile(path, undefined);
    expect(tryLockFileAt(file, path, 'exclusive')).toBe('held');
    expect(await evict(core, { maxEntries: 5 })).toBeUndefined();
    syscalls.close(file.fd);
    expect(await evict(core, { maxEntries: 5 })).toMatchObject({ entries: 6 });
  });

  test('a clear meanwhile ends it', async () => {
    const core = cacheForTest();
    tenKeys(core);
    const other = cacheForTest({ directory: core.directory });
    const evicting = evict(core, { maxEntries: 5 });
    other.store.replace();
    await expect(evicting).resolves.toBeDefined();
    expect(noted(core).entries).toBe(0);
  });

  test('a large cache is sampled, in bounded memory, and still the coldest go', async () => {
    const core = cacheForTest();
    for (let n = 0; n < 10_000; n += 1) put(core, `key ${n}`, 'v');
    const now = accessClock();
    const coldOnes = Array.from({ length: 5_000 }, (_, n) => core.place(`key ${n}`).slot);
    for (const slot of coldOnes) core.store.era.words.touch(slot, now - 100);
    const removed = await evict(core, { maxEntries: 9_999 });
    // 8,999, give or take what the sample is off.
    expect(removed?.entries).toBeGreaterThan(700);
    expect(removed?.entries).toBeLessThanOrEqual(1_001);
    const cold = new Set(coldOnes);
    for (let n = 0; n < 10_000; n += 1) {
      const { slot } = core.place(`key ${n}`);
      if (!cold.has(slot)) expect(has(core, `key ${n}`)).toBe(true);
    }
  });
});

test('a use that was noted before the machine was started is long ago', () => {
  const core = cacheForTest();
  core.store.era.words.touch(5, 4_000_000_000);
  expect(lastUse(core.store.era, 5, 1_000)).toBe(0);
  core.store.era.words.touch(5, 1_001);
  expect(lastUse(core.store.era, 5, 1_000)).toBe(1_001);
});

describe('an instance that writes', () => {
  test('keeps the cache within its limits', async () => {
    const core = cacheForTest();
    const evictor = new Evictor(core, { maxEntries: 100 });
    for (let n = 0; n < 1_000; n += 1) {
      put(core, `key ${n}`, 'value');
      await evictor.afterWrite(128);
      expect(noted(core).entries).toBeLessThanOrEqual(111);
    }
    await evictor.close();
  });

  test('does so on the thread as well', () => {
    const core = cacheForTest();
    const evictor = new Evictor(core, { maxBytes: 10_000 });
    for (let n = 0; n < 300; n += 1) {
      put(core, `key ${n}`, 'value');
      evictor.afterWriteSync(96);
      expect(noted(core).bytes).toBeLessThanOrEqual(10_200);
    }
  });

  test('a limit is no use where it cannot be one', () => {
    const core = cacheForTest();
    expect(() => new Evictor(core, { maxEntries: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
  });
});

describe('eight processes that write and evict', () => {
  const MAX_ENTRIES = 1_000;
  const writer = (directory: string, n: number) =>
    run('evicting-writer.mjs', [directory, `writer ${n}`, '2000', String(MAX_ENTRIES)]);

  test('keep the cache within its limit; the totals are true and every entry is whole', async () => {
    const core = cacheForTest();
    const writers = Array.from({ length: 8 }, (_, n) => writer(core.directory, n));
    const ends = await Promise.all(writers.map(({ ended }) => ended));
    expect(ends.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      Array(8).fill({ exitCode: 0, stderr: '' }),
    );
    // Each may have written so much since it last looked, and a tenth goes by before a writer waits.
    expect(noted(core).entries).toBeLessThanOrEqual(MAX_ENTRIES * 1.1 + 8 * 10);
    expect(noted(core).entries).toBeGreaterThanOrEqual(MAX_ENTRIES * 0.9 - 8);
    expect(await verify(core)).toMatchObject({ found: 0, entries: noted(core).entries });
  });

  test('one that is killed keeps nobody from evicting', async () => {
    const core = cacheForTest();
    const writers = Array.from({ length: 8 }, (_, n) => writer(core.directory, n));
    for (const { said, kill } of writers.slice(0, 4)) {
      await said('begun');
      kill('SIGKILL');
    }
    const ends = await Promise.all(writers.slice(4).map(({ ended }) => ended));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect((await totals(core)).entries).toBeLessThanOrEqual(MAX_ENTRIES * 1.1 + 8 * 10);
    const { counts } = await verify(core, { repair: true });
    const others = Object.keys(counts).filter((kind) => kind !== 'orphaned temporary' && kind !== 'dead writer');
    expect(others).toEqual([]);
    expect(await verify(core)).toMatchObject({ found: 0 });
  });
});
