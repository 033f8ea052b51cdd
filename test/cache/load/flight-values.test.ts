import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { replaceSyscalls, type Syscalls, syscalls } from '../../../src/os/syscalls.js';
import { openCache } from '../../helpers/file-cache.js';
import { needs } from '../../helpers/needs.js';
import { surelyFree } from '../../helpers/times.js';

/** What a channel tells until the test ends. */
function heard(name: string): unknown[] {
  const messages: unknown[] = [];
  const listen = (message: unknown) => messages.push(message);
  subscribe(name, listen);
  onTestFinished(() => {
    unsubscribe(name, listen);
  });
  return messages;
}

function failing(replacements: Partial<Syscalls>): void {
  onTestFinished(replaceSyscalls(replacements));
}

/** A loader that ends when it is told to, so that others can join it. */
function held<V>(value: V) {
  let finish = () => {};
  const told = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { load: vi.fn(() => told.then(() => value)), finish };
}

describe.skipIf(!needs('koffi'))('what getOrSet gives', () => {
  test.each([true, false])(
    'has the form of a hit, for the caller of the loader and for those who join (tier: %s)',
    async (tier) => {
      const { cache } = openCache({ ...(tier ? {} : { memory: false }) });
      const made = { when: new Date(0), nested: { list: [1] }, gone: undefined };
      const { load, finish } = held(made);
      const callers = [1, 2, 3].map(() => cache.getOrSet('key', load));
      finish();
      const values = await Promise.all(callers);
      const hit = await cache.get('key');
      expect(hit).toEqual({ when: '1970-01-01T00:00:00.000Z', nested: { list: [1] } });
      for (const value of values) {
        expect(value).toStrictEqual(hit);
        expect(value).not.toBe(made);
        expect(Object.isFrozen((value as typeof made).nested)).toBe(tier);
      }
      expect(new Set(values).size).toBe(tier ? 1 : 3);
      expect(Object.isFrozen(made)).toBe(false);
      made.nested.list.push(2);
      expect(values).toStrictEqual([hit, hit, hit]);
      expect(load).toHaveBeenCalledTimes(1);
    },
  );

  test.each([true, false])(
    'is bytes of its own for each, as they were when the loader gave them (tier: %s)',
    async (tier) => {
      const { cache } = openCache<Uint8Array>({ codec: 'bytes', ...(tier ? {} : { memory: false }) });
      const made = new Uint8Array([1, 2, 3]);
      const { load, finish } = held(made);
      const callers = [1, 2, 3].map(async (number) => {
        const value = await cache.getOrSet('key', load);
        made[0] = 9;
        if (value !== undefined) value[1] = number + 10;
        return value;
      });
      finish();
      expect(await Promise.all(callers)).toEqual([1, 2, 3].map((number) => Buffer.from([1, number + 10, 3])));
      expect(await cache.get('key')).toEqual(Buffer.from([1, 2, 3]));
    },
  );

  test('is a decode too where a `set` in between has won, and where another process has stored it meanwhile', async () => {
    const { cache, directory } = openCache();
    const overwritten = await cache.getOrSet('key', async () => {
      await cache.set('key', 'set');
      return { when: new Date(0) };
    });
    expect(overwritten).toEqual({ when: '1970-01-01T00:00:00.000Z' });
    const { cache: other } = openCache({ directory });
    const { load, finish } = held({ list: [1] });
    const first = other.getOrSet('found', load);
    await vi.waitFor(() => expect(load).toHaveBeenCalled());
    const second = [1, 2].map(() => cache.getOrSet('found', () => 'not loaded'));
    finish();
    const [one, two] = await Promise.all(second);
    expect(one).toEqual(await first);
    expect(two).toBe(one);
    expect(Object.isFrozen((one as unknown as { list: number[] }).list)).toBe(true);
  });

  test('is ERR_VALUE_NOT_SERIALIZABLE where the codec cannot write it, or not read what it wrote; then nothing is stored', async () => {
    const refused = { code: 'ERR_VALUE_NOT_SERIALIZABLE' };
    const { cache } = openCache();
    await expect(cache.getOrSet('key', () => () => {})).rejects.toMatchObject(refused);
    const oneWay = {
      encode: () => Buffer.from('x'),
      decode: (): number => {
        throw new Error('no');
      },
    };
    const { cache: other } = openCache<number>({ codec: oneWay });
    await expect(other.getOrSet('key', () => 1)).rejects.toMatchObject(refused);
    expect((await other.stats()).entries).toBe(0);
  });

  test('an entry that the codec cannot read is loaded once, and stored', async () => {
    const { cache: text, directory } = openCache({ codec: 'text' });
    await text.set('key', 'not JSON');
    const { cache } = openCache({ directory });
    const load = vi.fn(() => 1);
    expect([await cache.getOrSet('key', load), await cache.getOrSet('key', load)]).toEqual([1, 1]);
    expect(load).toHaveBeenCalledTimes(1);
  });
});

describe.skipIf(!needs('koffi'))('what cannot be stored is given all the same, counted and told', () => {
  test.each([
    ['no space', 'ENOSPC', () => failing({ renameat2: fail('ENOSPC'), write: fail('ENOSPC') } as Partial<Syscalls>)],
    ['a disk that fails', 'EIO', () => failing({ write: fail('EIO') } as Partial<Syscalls>)],
    [
      'no room for a lock either',
      'ENOSPC',
      () => failing({ open: failCreation('ENOSPC'), write: fail('ENOSPC') } as Partial<Syscalls>),
    ],
  ] as const)('%s', async (_, code, begin) => {
    const { cache, directory } = openCache();
    const told = heard('holdfast:not-stored');
    const { load, finish } = held({ when: new Date(0) });
    begin();
    const callers = [cache.getOrSet('key', load), cache.getOrSet('key', load)];
    finish();
    const given = { when: '1970-01-01T00:00:00.000Z' };
    expect(await surelyFree(Promise.all(callers))).toEqual([given, given]);
    expect(told).toEqual([{ directory, key: 'key', error: expect.objectContaining({ code }) }]);
    expect(await cache.stats()).toMatchObject({ loads: 1, loadsNotStored: 1, loadFailures: 0, entries: 0 });
  });

  test('one that is larger than the cache may be', async () => {
    const { cache } = openCache<string>({ maxBytes: 10_000 });
    const told = heard('holdfast:not-stored');
    expect(await cache.getOrSet('key', () => 'x'.repeat(20_000))).toHaveLength(20_000);
    expect(told).toMatchObject([{ error: { code: 'ERR_VALUE_TOO_LARGE' } }]);
    expect(await cache.has('key')).toBe(false);
  });

  test('a lock of the shard that cannot be had', async () => {
    const { cache } = openCache<string>({ lockTimeout: 20 });
    const told = heard('holdfast:not-stored');
    const { tryFlock } = syscalls;
    const load = () => {
      failing({ tryFlock: () => false });
      return 'loaded';
    };
    expect(await surelyFree(cache.getOrSet('key', load))).toBe('loaded');
    expect(told).toMatchObject([{ error: { code: 'ERR_LOCK_TIMEOUT' } }]);
    replaceSyscalls({ tryFlock });
  });
});

describe.skipIf(!needs('koffi'))('a loader that gives undefined', () => {
  test('is a miss for those who joined: one after the other they run their own, until one gives a value', async () => {
    const { cache } = openCache<number>();
    let running = 0;
    const ran: number[] = [];
    const loads = [undefined, undefined, 3, 4, 5].map((value, index) => async () => {
      running += 1;
      ran.push(index);
      expect(running).toBe(1);
      await cache.has('other');
      running -= 1;
      return value;
    });
    const values = await surelyFree(Promise.all(loads.map((load) => cache.getOrSet('key', load))));
    expect(values).toEqual([undefined, undefined, 3, 3, 3]);
    expect(ran).toEqual([0, 1, 2]);
  });

  test('300 of them: each runs once, and nobody hangs', async () => {
    const { cache } = openCache<number>();
    const load = vi.fn((): number | undefined => undefined);
    const values = await surelyFree(Promise.all(Array.from({ length: 300 }, () => cache.getOrSet('key', load))));
    expect(new Set(values)).toEqual(new Set([undefined]));
    expect(load).toHaveBeenCalledTimes(300);
  });
});

function fail(code: string) {
  return () => {
    throw Object.assign(new Error(code), { code });
  };
}

/** Only of files that are made. */
function failCreation(code: string): Syscalls['open'] {
  const { open } = syscalls;
  return (path, flags, mode) =>
    mode !== undefined || /flights/.test(String(path)) ? fail(code)() : open(path, flags, mode);
}
