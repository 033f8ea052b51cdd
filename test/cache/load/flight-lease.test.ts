import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { placeOf } from '../../../src/cache/format/key.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { openCache } from '../../helpers/file-cache.js';
import { needs } from '../../helpers/needs.js';
import { signpost } from '../../helpers/signpost.js';
import { isStillBlocked, surelyFree } from '../../helpers/times.js';

/** Two keys of one slot. */
function neighbours(): [string, string] {
  const bySlot = new Map<number, string>();
  for (let number = 0; ; number += 1) {
    const key = `key ${number}`;
    const { slot } = placeOf(key);
    const other = bySlot.get(slot);
    if (other !== undefined) return [other, key];
    bySlot.set(slot, key);
  }
}

describe.skipIf(!needs('koffi')).each(['rename', 'flock'] as const)('a load under a lease, %s', (strategy) => {
  test('is stored and joined though another key of its slot is written meanwhile', async () => {
    const { cache } = openCache<string>({ strategy });
    const [key, neighbour] = neighbours();
    await cache.set(neighbour, 'old');
    for (const write of [() => cache.set(neighbour, 'new'), () => cache.delete(neighbour)]) {
      const load = vi.fn(async () => {
        await write();
        return 'loaded';
      });
      const first = cache.getOrSet(key, load);
      await vi.waitFor(() => expect(load).toHaveBeenCalled());
      expect(await Promise.all([first, cache.getOrSet(key, load)])).toEqual(['loaded', 'loaded']);
      for (let call = 0; call < 6; call += 1) expect(await cache.getOrSet(key, load)).toBe('loaded');
      expect(load).toHaveBeenCalledTimes(1);
      await cache.delete(key);
    }
  });

  test('is stored though its expired entry is pruned meanwhile', async () => {
    const { cache } = openCache<string>({ strategy });
    await cache.set('key', 'old', { ttl: 0 });
    const load = async () => {
      expect((await cache.prune()).removed).toBe(1);
      return 'loaded';
    };
    expect(await cache.getOrSet('key', load)).toBe('loaded');
    expect(await cache.get('key')).toBe('loaded');
  });

  test('is not joined where it comes to an entry that was replaced before the caller came', async () => {
    const { cache: loader, directory } = openCache<string>({ strategy });
    const { cache } = openCache<string>({ strategy, directory });
    const old = 'old'.repeat(100_000);
    const gate = signpost();
    const first = loader.getOrSet('key', () => gate.reached.then(() => old));
    const second = cache.getOrSet('key', () => 'not loaded');
    expect(await isStillBlocked(second)).toBe(true);
    // It has waited for the first, and finds its value. That is long, and is read through the thread pool.
    const [reading, readOn] = [signpost(), signpost()];
    const { readAsync } = syscalls;
    const restore = replaceSyscalls({
      async readAsync(...args) {
        reading.reach();
        await readOn.reached;
        return readAsync(...args);
      },
    });
    onTestFinished(restore);
    gate.reach();
    await surelyFree(reading.reached);
    await loader.set('key', 'newer');
    await loader.delete('key');
    const third = cache.getOrSet('key', () => 'loaded');
    await turnOfTheLoop();
    readOn.reach();
    expect(await surelyFree(Promise.all([first, second]))).toEqual([old, old]);
    expect(await surelyFree(third)).toBe('loaded');
  });
});
