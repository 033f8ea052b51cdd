import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CacheStrategy } from '../../../src/cache/directory/manifest.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import { placeOf } from '../../../src/cache/format/key.js';
import { syscalls } from '../../../src/os/syscalls.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { quickFolder } from '../../helpers/folder.js';
import { isStillBlocked, surelyFree } from '../../helpers/times.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const LOCK_TIMEOUT_MS = 60;

function open(strategy: CacheStrategy, lockTimeout?: number) {
  const directory = `${quickFolder()}/cache`;
  const cache = new FileCache<string>({ directory, strategy, lockTimeout });
  onTestFinished(() => cache.close());
  return { directory, cache };
}

/** Somebody else in the section of the key's shard, as another process would be. Gives the way out. */
function enterBeside(directory: string, key: string): () => void {
  const { era } = JSON.parse(readFileSync(`${directory}/v1/format`, 'utf8')) as { era: string };
  const fd = openSync(`${directory}/v1/${era}/data/${placeOf(key).hash.slice(0, 2)}.lock`, 'r+');
  expect(syscalls.tryFlock(fd, 'exclusive')).toBe(true);
  return () => closeSync(fd);
}

describe.each(['rename', 'flock'] as const)('%s, somebody else in the section of a shard', (strategy) => {
  test('ends a wait with ERR_LOCK_TIMEOUT, on the thread and off it, and the old value stays', async () => {
    const { directory, cache } = open(strategy, LOCK_TIMEOUT_MS);
    cache.setSync('key', 'old');
    const leave = enterBeside(directory, 'key');
    const timeout = expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' });
    expect(() => cache.setSync('key', 'new')).toThrow(timeout);
    expect(() => cache.deleteSync('key')).toThrow(timeout);
    expect(() => cache.updateSync('key', () => 'new')).toThrow(timeout);
    await expect(cache.set('key', 'new')).rejects.toEqual(timeout);
    leave();
    expect(cache.getSync('key')).toBe('old');
    cache.setSync('key', 'new');
    expect(cache.getSync('key')).toBe('new');
  });

  test('keeps nobody from other shards, and lets go at once', async () => {
    const { directory, cache } = open(strategy);
    const leave = enterBeside(directory, 'key');
    const waiting = cache.set('key', 'new');
    expect(await isStillBlocked(waiting)).toBe(true);
    await surelyFree(cache.set('other', 'value'));
    leave();
    await surelyFree(waiting);
    expect(cache.getSync('key')).toBe('new');
  });

  test('close ends the waits with ERR_CACHE_CLOSED, and leaves no descriptor', async () => {
    const { directory, cache } = open(strategy);
    cache.setSync('key', 'old');
    const leave = enterBeside(directory, 'key');
    const waits = [cache.set('key', 'new'), cache.delete('key'), cache.update('key', (old) => `${old}, new`)];
    const changing = cache.update('other', async () => {
      await cache.close();
      return 'too late';
    });
    const outcomes = await surelyFree(Promise.allSettled([...waits, changing]));
    leave();
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'ERR_CACHE_CLOSED' } });
    expect(openFilesIn(directory)).toEqual([]);
  });
});

test('who is told of a wait for a lock is outside the section, and may use the cache', async () => {
  const { directory, cache } = open('rename');
  const told: unknown[] = [];
  const listen = (message: unknown) => {
    told.push(message);
    cache.setSync('key', 'by the listener');
  };
  subscribe('holdfast:lock-wait', listen);
  onTestFinished(() => {
    unsubscribe('holdfast:lock-wait', listen);
  });
  const leave = enterBeside(directory, 'key');
  const waiting = cache.set('key', 'new');
  expect(await isStillBlocked(waiting)).toBe(true);
  leave();
  await surelyFree(waiting);
  expect(told).toEqual([{ directory, milliseconds: expect.any(Number) }]);
  expect(cache.getSync('key')).toBe('by the listener');
});
