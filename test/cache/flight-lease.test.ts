import { describe, expect, test, vi } from 'vitest';
import { placeOf } from '../../src/cache/key.js';
import { openCache } from '../helpers/file-cache.js';
import { needs } from '../helpers/needs.js';

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
});
