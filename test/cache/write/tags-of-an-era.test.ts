import { closeSync, openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { FileCache } from '../../../src/cache/file-cache.js';
import type { Codec } from '../../../src/cache/format/codec.js';
import { syscalls } from '../../../src/os/syscalls.js';
import { clearDirectoryNow } from '../../helpers/cache.js';
import { openCache, shardFolder } from '../../helpers/file-cache.js';
import { isStillBlocked, surelyFree } from '../../helpers/times.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

/*
 * The generations of tags are counted anew in each era. An entry that carried those of one into another would be invalid for no
 * reason, or come back when a tag of the other has been invalidated as often.
 */

skipWithoutKoffi();

const LARGE = 'x'.repeat(200_000);

/** Holds the lock of a key's shard, as a process that is stopped inside would, until the test ends or says so. */
function holdShard(directory: string, key: string): () => void {
  const fd = openSync(`${shardFolder(directory, key)}.lock`, 'r+');
  let held = syscalls.tryFlock(fd, 'exclusive');
  expect(held).toBe(true);
  const release = () => {
    if (held) closeSync(fd);
    held = false;
  };
  onTestFinished(release);
  return release;
}

/** After some writes with a tag have crossed a `clear`: they are there, and one invalidation of the tag ends them. */
async function expectCurrentUntilInvalidated(cache: FileCache, keys: string[]): Promise<void> {
  for (const key of keys) expect(await cache.has(key), key).toBe(true);
  await cache.invalidateTags(['tag']);
  for (const key of keys) expect(await cache.has(key), key).toBe(false);
}

const writers: Record<string, (cache: FileCache) => Promise<unknown>> = {
  set: (cache) => cache.set('key', 'value', { tags: ['tag'] }),
  'set of a large value': (cache) => cache.set('key', LARGE, { tags: ['tag'] }),
  setMany: (cache) => cache.setMany([['key', 'value']], { tags: ['tag'] }),
};

test.each(Object.keys(writers))(
  '%s that waits while the cache is cleared is stored with the tags of the new era',
  async (name) => {
    const { cache, directory } = openCache();
    await cache.invalidateTags(['tag']);
    holdShard(directory, 'key');
    const writing = writers[name]?.(cache);
    expect(await isStillBlocked(Promise.resolve(writing))).toBe(true);
    await cache.clear();
    await surelyFree(Promise.resolve(writing));
    await expectCurrentUntilInvalidated(cache, ['key']);
  },
);

test.each([...Object.keys(writers), 'setSync'])(
  '%s by an instance that has slept through a clear and an invalidation is stored as current',
  async (name) => {
    const { cache: asleep, directory } = openCache();
    const { cache: other } = openCache({ directory });
    await other.clear();
    await other.invalidateTags(['tag']);
    if (name === 'setSync') asleep.setSync('key', 'value', { tags: ['tag'] });
    else await writers[name]?.(asleep);
    await expectCurrentUntilInvalidated(other, ['key']);
  },
);

test('what is invalidated in the new era before the value is there wins over it', async () => {
  const { cache, directory } = openCache();
  holdShard(directory, 'key');
  const writing = cache.set('key', 'value', { tags: ['tag'] });
  expect(await isStillBlocked(writing)).toBe(true);
  // Both in one turn: the write has not looked again.
  clearDirectoryNow(directory);
  await cache.invalidateTags(['tag']);
  await surelyFree(writing);
  expect(await cache.has('key')).toBe(false);
});

/** A codec that clears the cache while it encodes, once: whatever was looked at before is of an era that is over. */
function clearingCodec(): { codec: Codec<unknown>; clearAtNext(directory: string): void } {
  let clear = () => {};
  const codec: Codec<unknown> = {
    encode(value) {
      const now = clear;
      clear = () => {};
      now();
      return Buffer.from(JSON.stringify(value));
    },
    decode: (bytes) => JSON.parse(String(bytes)),
  };
  return { codec, clearAtNext: (directory) => (clear = () => clearDirectoryNow(directory)) };
}

test.each([
  ['small', 'value'],
  ['large', LARGE],
])(
  'a %s value whose encoding clears the cache carries the tags of the new era, however it is written',
  async (_, value) => {
    const { codec, clearAtNext } = clearingCodec();
    const { cache, directory } = openCache({ codec });
    const options = { tags: ['tag'] };
    await cache.invalidateTags(['tag']);
    clearAtNext(directory);
    cache.setSync('set on the thread', value, options);
    await expectCurrentUntilInvalidated(cache, ['set on the thread']);
    clearAtNext(directory);
    await cache.set('set', value, options);
    await expectCurrentUntilInvalidated(cache, ['set']);
  },
);

test('a value that was loaded in an era that is over is not stored in the next', async () => {
  const { cache } = openCache();
  await cache.invalidateTags(['tag']);
  const load = async () => {
    await cache.clear();
    return 'loaded';
  };
  expect(await cache.getOrSet('key', load, { tags: ['tag'] })).toBe('loaded');
  await cache.invalidateTags(['tag']);
  expect(await cache.has('key')).toBe(false);
});

test('a large value that is invalidated is not given out by a read that the cache is cleared under', async () => {
  const { cache } = openCache();
  await cache.set('key', LARGE, { tags: ['tag'] });
  await cache.invalidateTags(['tag']);
  // None has come so far that the era that it reads in can be known to be over: what was invalidated before it began is a miss all the same.
  const reads = [cache.get('key'), cache.getEntry('key'), cache.readStream('key'), cache.map('key')];
  const others = [cache.has('key'), cache.getMany(['key']).then((values) => values.size > 0)];
  await cache.clear();
  const found = await Promise.all(reads);
  expect(found.map((one) => one !== undefined)).toEqual([false, false, false, false]);
  expect(await Promise.all(others)).toEqual([false, false]);
});
