import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { updateFile } from '../../../src/index.js';
import { openCache } from '../../helpers/file-cache.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { signpost } from '../../helpers/signpost.js';
import { isStillBlocked, surelyFree } from '../../helpers/times.js';

const CONFLICT = { code: 'ERR_LOCK_CONFLICT' };
const TIMEOUT = { code: 'ERR_LOCK_TIMEOUT' };
const CLOSED = { code: 'ERR_CACHE_CLOSED' };

/** Why each was rejected; `undefined` for those that were not. */
async function reasons(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await surelyFree(Promise.allSettled(promises));
  return settled.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined));
}

describe.skipIf(!needs('koffi'))('loads that wait for one another are ERR_LOCK_CONFLICT at once', () => {
  test.each([1, 2, 3, 300])('%d in a circle, of which each asks for the next', async (count) => {
    const { cache } = openCache<number>();
    const all = signpost();
    let begun = 0;
    const load = (index: number) => async (): Promise<number> => {
      begun += 1;
      // No more than 256 are begun by themselves; the others when they are asked for.
      if (begun === Math.min(count, 256)) all.reach();
      await all.reached;
      return cache.getOrSet(`key ${(index + 1) % count}`, load((index + 1) % count));
    };
    const loads = Array.from({ length: count }, (_, index) => cache.getOrSet(`key ${index}`, load(index)));
    const why = await reasons(loads);
    expect(why).toHaveLength(count);
    for (const reason of why) expect(reason).toMatchObject(CONFLICT);
    expect(await surelyFree(cache.getOrSet('key 0', () => 1))).toBe(1);
  });

  test('over two caches, and over two instances on one directory', async () => {
    const { cache: one, directory } = openCache<string>();
    const { cache: same } = openCache<string>({ directory });
    const { cache: other } = openCache<string>();
    for (const second of [same, other]) {
      const both = [signpost(), signpost()] as const;
      const a = one.getOrSet('a', async () => {
        both[0].reach();
        await both[1].reached;
        return second.getOrSet('b', () => 'not loaded');
      });
      const b = second.getOrSet('b', async () => {
        both[1].reach();
        await both[0].reached;
        return one.getOrSet('a', () => 'not loaded');
      });
      // The one that waits last is told; where it does not catch that, its own caller is told too.
      expect(await reasons([a, b])).toEqual([expect.objectContaining(CONFLICT), expect.objectContaining(CONFLICT)]);
    }
    const own = one.getOrSet('key', () => same.getOrSet('key', () => 'not loaded'));
    expect(await reasons([own])).toEqual([expect.objectContaining(CONFLICT)]);
  });

  test('through the locks of files too, and of a load that has lost its lease', async () => {
    const { cache } = openCache<string>();
    const path = `${temporaryFolder()}/file`;
    const inUpdate = cache.getOrSet('key', async () => {
      await updateFile(path, async () => (await cache.getOrSet('key', () => 'not loaded')) ?? '');
      return 'loaded';
    });
    expect(await reasons([inUpdate])).toEqual([expect.objectContaining(CONFLICT)]);
    const lost = cache.getOrSet('key', async () => {
      await cache.delete('key');
      return cache.getOrSet('key', () => 'not loaded');
    });
    expect(await reasons([lost])).toEqual([expect.objectContaining(CONFLICT)]);
  });

  test('what is caught does no harm, and what waits in one direction only is no conflict', async () => {
    const { cache } = openCache<string>();
    const caught = cache.getOrSet('a', () => cache.getOrSet('a', () => 'x').catch(() => 'without'));
    expect(await surelyFree(caught)).toBe('without');
    const layers = (depth: number): Promise<string | undefined> =>
      cache.getOrSet(`layer ${depth}`, async () =>
        depth === 0 ? 'bottom' : (await Promise.all([layers(depth - 1), layers(0)])).join(),
      );
    expect(await surelyFree(layers(5))).toContain('bottom');
  });
});

describe.skipIf(!needs('koffi'))('lockTimeout holds', () => {
  test('for those who wait for a load of their own process, and not for the load itself', async () => {
    const { cache } = openCache<string>({ lockTimeout: 20 });
    const end = signpost();
    const first = cache.getOrSet('key', () => end.reached.then(() => 'loaded'));
    await expect(surelyFree(cache.getOrSet('key', () => 'x'))).rejects.toMatchObject(TIMEOUT);
    await expect(surelyFree(cache.getOrSet('key', () => 'x', { lockTimeout: 0 }))).rejects.toMatchObject(TIMEOUT);
    const patient = cache.getOrSet('key', () => 'x', { lockTimeout: Number.POSITIVE_INFINITY });
    expect(await isStillBlocked(patient)).toBe(true);
    end.reach();
    expect(await Promise.all([first, patient])).toEqual(['loaded', 'loaded']);
  });

  test('for the turn among 256 loads, which nobody sees to wait for one another', async () => {
    const { cache } = openCache<string>({ lockTimeout: 30_000 });
    const { cache: other } = openCache<string>();
    const queued = signpost();
    let outside: Promise<unknown> = Promise.resolve();
    const all = Array.from({ length: 256 }, (_, index) =>
      cache.getOrSet(`key ${index}`, async () => {
        await queued.reached;
        // Asked for outside: nothing tells that this load waits for that one.
        await outside.catch(() => {});
        return 'loaded';
      }),
    );
    await vi.waitFor(async () => expect((await cache.stats()).loads).toBe(256));
    outside = other.getOrSet('late', () => 'loaded', { lockTimeout: 20 });
    queued.reach();
    await expect(surelyFree(outside)).rejects.toMatchObject(TIMEOUT);
    expect(new Set(await surelyFree(Promise.all(all)))).toEqual(new Set(['loaded']));
  });

  test('for 300 loads that wait for one which has no turn yet: it gets one', async () => {
    const { cache } = openCache<string>();
    const loads = Array.from({ length: 300 }, (_, index) =>
      cache.getOrSet(`key ${index}`, async () => {
        await turnOfTheLoop();
        return index === 299 ? 'loaded' : cache.getOrSet('key 299', () => 'not this one');
      }),
    );
    expect(new Set(await surelyFree(Promise.all(loads)))).toEqual(new Set(['loaded']));
  });

  test("one caller's patience is not another's", async () => {
    const { cache, directory } = openCache<string>();
    const { cache: other } = openCache<string>({ directory });
    const end = signpost();
    const load = vi.fn(() => end.reached.then(() => 'loaded elsewhere'));
    const elsewhere = other.getOrSet('key', load);
    await vi.waitFor(() => expect(load).toHaveBeenCalled());
    const hasty = cache.getOrSet('key', () => 'x', { lockTimeout: 20 });
    const patient = cache.getOrSet('key', () => 'x');
    await expect(surelyFree(hasty)).rejects.toMatchObject(TIMEOUT);
    expect(await isStillBlocked(patient)).toBe(true);
    end.reach();
    expect(await surelyFree(Promise.all([elsewhere, patient]))).toEqual(['loaded elsewhere', 'loaded elsewhere']);
  });
});

describe.skipIf(!needs('koffi'))('close', () => {
  test('inside a load does not wait for it, nor for those around it; its value is given', async () => {
    const { cache } = openCache<string>();
    const inner = () =>
      cache.getOrSet('inner', async () => {
        await cache.close();
        return 'loaded';
      });
    expect(await surelyFree(cache.getOrSet('outer', inner))).toBe('loaded');
    await expect(cache.get('outer')).rejects.toMatchObject(CLOSED);
  });

  test('ends loads that wait for one another unseen, and all who wait', async () => {
    const { cache } = openCache<string>();
    let a: Promise<unknown> = Promise.resolve();
    const both = [signpost(), signpost()] as const;
    const b = cache.getOrSet('b', async () => {
      both[0].reach();
      await both[1].reached;
      await a;
      return 'b';
    });
    // Not asked for inside of a load: nothing shows that each waits for the other.
    a = cache.getOrSet('a', () => {
      both[1].reach();
      return b;
    });
    const joined = cache.getOrSet('a', () => 'x');
    await Promise.all(both.map(({ reached }) => reached));
    await turnOfTheLoop();
    const closing = cache.close();
    expect(await reasons([a, b, joined])).toEqual(
      [CLOSED, CLOSED, CLOSED].map((code) => expect.objectContaining(code)),
    );
    await surelyFree(closing);
    await expect(cache.getOrSet('a', () => 'x')).rejects.toMatchObject(CLOSED);
  });

  test('waits for a loader that does not listen no longer than lockTimeout', async () => {
    const { cache } = openCache<string>({ lockTimeout: 20 });
    const end = signpost();
    const load = vi.fn(() => end.reached.then(() => 'late'));
    const caller = cache.getOrSet('key', load);
    await vi.waitFor(() => expect(load).toHaveBeenCalled());
    const closing = cache.close();
    await expect(surelyFree(caller)).rejects.toMatchObject(CLOSED);
    await surelyFree(closing);
    end.reach();
  });

  test('a load that has begun before it and was overtaken by another is awaited too', async () => {
    const { cache } = openCache<string>();
    let aborted = 0;
    const load = vi.fn(
      ({ signal }: { signal: AbortSignal }) =>
        new Promise<string>((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted += 1;
            reject(signal.reason);
          });
        }),
    );
    const first = cache.getOrSet('key', load);
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(1));
    await cache.delete('key');
    const second = cache.getOrSet('key', load);
    const closing = cache.close();
    expect(await reasons([first, second])).toEqual([CLOSED, CLOSED].map((code) => expect.objectContaining(code)));
    await surelyFree(closing);
    expect(aborted).toBe(1);
  });
});

describe.skipIf(!needs('koffi'))("one caller's abort", () => {
  test('in the same turn as the call rejects it, and no loader runs', async () => {
    const { cache } = openCache<string>();
    const abort = new AbortController();
    const load = vi.fn(() => 'loaded');
    const call = cache.getOrSet('key', load, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(surelyFree(call)).rejects.toThrow('enough');
    await turnOfTheLoop();
    expect(load).not.toHaveBeenCalled();
  });

  test('never rejects a later caller, at whatever await it comes', async () => {
    const { cache } = openCache<string>();
    for (let turns = 0; turns < 40; turns += 1) {
      const key = `key ${turns}`;
      const abort = new AbortController();
      const load = async ({ signal }: { signal: AbortSignal }) => {
        for (let turn = 0; turn < 10; turn += 1) await undefined;
        signal.throwIfAborted();
        return 'loaded';
      };
      const first = cache.getOrSet(key, load, { signal: abort.signal }).catch((error: Error) => error.message);
      for (let turn = 0; turn < turns; turn += 1) await undefined;
      abort.abort(new Error('enough'));
      const later = cache.getOrSet(key, load);
      expect(await surelyFree(later)).toBe('loaded');
      expect(['enough', 'loaded']).toContain(await first);
    }
  });

  test('of 300 who share a signal rejects them all, warns of no leak, and leaves the one without a signal alone', async () => {
    const { cache } = openCache<string>();
    const warnings: unknown[] = [];
    const listen = (warning: Error) => warnings.push(warning.name);
    process.on('warning', listen);
    const abort = new AbortController();
    const end = signpost();
    const load = vi.fn(() => end.reached.then(() => 'loaded'));
    const callers = Array.from({ length: 300 }, () => cache.getOrSet('key', load, { signal: abort.signal }));
    const alone = cache.getOrSet('key', load);
    await vi.waitFor(() => expect(load).toHaveBeenCalled());
    abort.abort(new Error('enough'));
    expect(new Set((await reasons(callers)).map(String))).toEqual(new Set(['Error: enough']));
    end.reach();
    expect(await surelyFree(alone)).toBe('loaded');
    await turnOfTheLoop();
    process.off('warning', listen);
    expect(warnings).toEqual([]);
    expect(load).toHaveBeenCalledTimes(1);
  });
});

describe.skipIf(!needs('koffi'))('what a loader has started and outlives it', () => {
  test('is inside of it no more: it may load the same key, again and again', async () => {
    const { cache } = openCache<number>();
    let rounds = 0;
    const done = signpost();
    const refreshAhead = async () => {
      await turnOfTheLoop();
      await cache.delete('key');
      if ((await cache.getOrSet('key', load)) === 5) done.reach();
    };
    const load = () => {
      rounds += 1;
      if (rounds < 6) void refreshAhead();
      return rounds - 1;
    };
    await cache.getOrSet('key', load);
    await surelyFree(done.reached);
  });

  test('the context of the caller is that of its loader, and of nobody else', async () => {
    const request = new AsyncLocalStorage<string>();
    const { cache } = openCache<string | undefined>();
    const end = signpost();
    const ask = (name: string) =>
      request.run(name, async () => {
        const value = await cache.getOrSet('key', async () => {
          await end.reached;
          return request.getStore();
        });
        return [value, request.getStore()];
      });
    const answers = ['first', 'second'].map(ask);
    end.reach();
    expect(await Promise.all(answers)).toEqual([
      ['first', 'first'],
      ['first', 'second'],
    ]);
  });
});
