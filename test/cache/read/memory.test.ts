import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CacheCore } from '../../../src/cache/core/core.js';
import type { FileCacheOptions } from '../../../src/cache/core/options.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import type { Place } from '../../../src/cache/format/key.js';
import { MemoryTier } from '../../../src/cache/read/memory-tier.js';
import type { SharedWords } from '../../../src/cache/shared/words.js';
import { replaceSyscalls, type Syscalls, syscalls } from '../../../src/os/syscalls.js';
import { quickFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';

function open<V = unknown>(options: Partial<FileCacheOptions<V>> = {}): FileCache<V> {
  const cache = new FileCache<V>({ directory: `${quickFolder()}/cache`, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

/** Names of the system calls that `work` makes. */
function callsOf(work: () => unknown): string[] {
  const calls: string[] = [];
  const recording = Object.fromEntries(
    Object.entries(syscalls).map(([name, call]) => [
      name,
      (...args: never[]) => {
        calls.push(name);
        return (call as (...args: never[]) => unknown)(...args);
      },
    ]),
  );
  const restore = replaceSyscalls(recording as Partial<Syscalls>);
  try {
    work();
  } finally {
    restore();
  }
  return calls;
}

function pretendProduction(): void {
  vi.stubEnv('NODE_ENV', 'production');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

describe.skipIf(!needs('koffi'))('the tier in memory', () => {
  describe.each(['rename', 'flock'] as const)('strategy %s', (strategy) => {
    test('a value that was read is given out again without a system call', async () => {
      const cache = open({ strategy });
      await cache.set('key', { a: 1 });
      expect(callsOf(() => cache.getSync('key'))).toContain('read');
      let again: unknown;
      expect(callsOf(() => (again = cache.getSync('key')))).toEqual([]);
      expect(again).toEqual({ a: 1 });
      expect(await cache.get('key')).toBe(again);
      expect((await cache.getEntry('key'))?.value).toBe(again);
      expect((await cache.getMany(['key', 'none'])).get('key')).toBe(again);
      expect(await cache.getOrSet('key', () => 'loaded')).toBe(again);
      expect(callsOf(() => cache.hasSync('key'))).toEqual([]);
    });

    test('what one instance changes, another one does not give out any more', async () => {
      const directory = `${quickFolder()}/cache`;
      const one = open({ directory, strategy });
      const other = open({ directory, strategy });
      const seen = () => [one.getSync('key'), other.getSync('key'), one.getSync('key'), other.getSync('key')];
      one.setSync('key', 1);
      expect(seen()).toEqual([1, 1, 1, 1]);
      other.setSync('key', 2);
      expect(seen()).toEqual([2, 2, 2, 2]);
      await one.update('key', (old) => Number(old) + 1);
      expect(seen()).toEqual([3, 3, 3, 3]);
      other.deleteSync('key');
      expect(seen()).toEqual([undefined, undefined, undefined, undefined]);
      await other.getOrSet('key', () => 4);
      expect(seen()).toEqual([4, 4, 4, 4]);
      await one.clear();
      expect(seen()).toEqual([undefined, undefined, undefined, undefined]);
    });

    test('an expired value, and one whose tag was invalidated, is a miss', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: 1000 });
      onTestFinished(() => {
        vi.useRealTimers();
      });
      const cache = open({ strategy });
      await cache.set('short', 1, { ttl: 10 });
      await cache.set('tagged', 2, { tags: ['tag'] });
      const seen = () => [cache.getSync('short'), cache.getSync('tagged')];
      expect(seen()).toEqual([1, 2]);
      vi.setSystemTime(1009);
      expect(callsOf(() => expect(seen()).toEqual([1, 2]))).toEqual([]);
      vi.setSystemTime(1010);
      await cache.invalidateTags(['tag']);
      expect(seen()).toEqual([undefined, undefined]);
    });
  });

  test('a loop that lets no timer run sees within 4,096 hits that the directory was removed', () => {
    const directory = `${quickFolder()}/cache`;
    const cache = open({ directory });
    cache.setSync('key', 1);
    cache.getSync('key');
    rmSync(directory, { recursive: true });
    let hits = 0;
    while (cache.getSync('key') !== undefined && hits <= 4096) hits += 1;
    expect(hits).toBeLessThanOrEqual(4096);
    cache.setSync('key', 2);
    expect([cache.getSync('key'), open({ directory }).getSync('key')]).toEqual([2, 2]);
  });

  describe('a word that no step stores ends the era, for every instance', () => {
    test.each<[string, (words: SharedWords, place: Place) => void]>([
      ['an epoch of 0', (words, { slot }) => words.setEpoch(slot, 0)],
      ['an odd epoch though nobody is at work', (words, { slot }) => words.setEpoch(slot, 7)],
      [
        'busy with a slot of another shard',
        (words, { shard, slot }) => {
          words.setBusy(shard, ((slot + 512) % 65_536) + 1);
          words.setEpoch(slot, 7);
        },
      ],
      [
        'busy with no slot at all',
        (words, { shard, slot }) => {
          words.setBusy(shard, 0xffff_fff0);
          words.setEpoch(slot, 7);
        },
      ],
    ])('%s', (_, damage) => {
      const directory = `${quickFolder()}/cache`;
      const cache = open({ directory });
      const other = open({ directory });
      const core = new CacheCore({ directory });
      onTestFinished(() => core.close());
      cache.setSync('key', 1);
      expect([cache.getSync('key'), other.getSync('key')]).toEqual([1, 1]);
      damage(core.sections.era.words, core.place('key'));
      expect([cache.getSync('key'), other.getSync('key')]).toEqual([undefined, undefined]);
      other.setSync('key', 2);
      expect([cache.getSync('key'), other.getSync('key')]).toEqual([2, 2]);
    });
  });

  test('a spare that names no slot of its shard ends the era at the next write, which succeeds', () => {
    const directory = `${quickFolder()}/cache`;
    const cache = open({ directory });
    const core = new CacheCore({ directory });
    onTestFinished(() => core.close());
    cache.setSync('key', 1);
    core.sections.era.words.setSpare(core.place('key').shard, 0xffff_fff0);
    cache.setSync('key', 2);
    expect([cache.getSync('key'), open({ directory }).getSync('key')]).toEqual([2, 2]);
  });

  test('keeps what a decode gave, never the object handed to set', async () => {
    const cache = open<{ list: number[] }>();
    const mine = { list: [1] };
    await cache.set('key', mine);
    mine.list.push(2);
    expect(cache.getSync('key')).toEqual({ list: [1] });
    expect(cache.getSync('key')).toEqual({ list: [1] });
  });

  test('plain objects and arrays are frozen all the way down, other objects are not', () => {
    const cache = open<unknown>({ codec: 'v8' });
    const cyclic: Record<string, unknown> = { list: [{ deep: [1] }], map: new Map([['a', { b: 1 }]]), at: new Date(0) };
    cyclic['self'] = cyclic;
    cache.setSync('key', cyclic);
    const value = cache.getSync('key') as { list: { deep: number[] }[]; map: Map<string, { b: number }> };
    expect(() => value.list[0]?.deep.push(2)).toThrow(TypeError);
    expect([Object.isFrozen(value), Object.isFrozen(value.list), Object.isFrozen(value.list[0])]).toEqual([
      true,
      true,
      true,
    ]);
    expect(value.map.set('c', { b: 2 }).size).toBe(2);
  });

  test('JSON that is nested deeper than the stack is frozen too', () => {
    const depth = 5_000;
    const cache = open<unknown>({ codec: { encode: (text) => Buffer.from(String(text)), decode: nested } });
    function nested(): unknown {
      let value: unknown = [];
      for (let level = 0; level < 100 * depth; level += 1) value = [value];
      return value;
    }
    cache.setSync('key', 'x');
    expect(Object.isFrozen((cache.getSync('key') as unknown[])[0])).toBe(true);
  });

  test('in production nothing is frozen', () => {
    pretendProduction();
    const cache = open<{ list: number[] }>();
    cache.setSync('key', { list: [1] });
    expect(Object.isFrozen(cache.getSync('key'))).toBe(false);
  });

  test('each caller gets bytes of its own', () => {
    const cache = open<Uint8Array>({ codec: 'bytes' });
    cache.setSync('key', Buffer.from('abc'));
    for (let read = 0; read < 3; read += 1) {
      const bytes = cache.getSync('key');
      expect(bytes?.toString()).toBe('abc');
      bytes?.fill(0);
    }
  });

  test('update is given a value that is its own to change', async () => {
    pretendProduction();
    const cache = open<number[]>();
    await cache.set('key', [1]);
    const shared = cache.getSync('key');
    await cache.update('key', (list = []) => {
      list.push(2);
      return list;
    });
    cache.updateSync('key', (list = []) => {
      list.push(3);
      return undefined;
    });
    expect(shared).toEqual([1]);
  });

  test('memory: false: every read gives another object, and nothing is frozen', async () => {
    const cache = open<{ a: number }>({ memory: false });
    await cache.set('key', { a: 1 });
    const value = cache.getSync('key');
    expect(cache.getSync('key')).not.toBe(value);
    expect(Object.isFrozen(value)).toBe(false);
  });

  test('holds no more entries and no more bytes than it may', async () => {
    const few = open({ memory: { maxEntries: 3 } });
    const small = open<Uint8Array>({ codec: 'bytes', memory: { maxBytes: 1000 } });
    for (let index = 0; index < 10; index += 1) {
      few.setSync(`key-${index}`, index);
      few.getSync(`key-${index}`);
      small.setSync(`key-${index}`, randomBytes(400));
      small.getSync(`key-${index}`);
    }
    small.setSync('large', randomBytes(1001));
    expect(small.getSync('large')?.length).toBe(1001);
    expect(callsOf(() => few.getSync('key-9'))).toEqual([]);
    expect(callsOf(() => few.getSync('key-0'))).not.toEqual([]);
    expect(callsOf(() => small.getSync('key-9'))).toEqual([]);
    expect(callsOf(() => small.getSync('key-7'))).not.toEqual([]);
    expect(callsOf(() => small.getSync('large'))).not.toEqual([]);
  });

  test('more entries than memory is taken for at once: it grows with what it holds, and is bounded all the same', async () => {
    const core = new CacheCore({ directory: `${quickFolder()}/cache` });
    onTestFinished(() => core.close());
    const maxEntries = 65_537;
    const tier = new MemoryTier({ maxEntries, maxBytes: 2 ** 40 }, core.sections.era);
    const place = core.place('key');
    const common = {
      era: 0,
      slot: 0,
      epoch: 0,
      mayEnd: false,
      copied: false,
      createdAt: 0,
      expiresAt: 0,
      staleUntil: 0,
      turn: 0,
    };
    for (let index = 0; index < maxEntries + 10; index += 1) {
      tier.keep(core.sections.era, { ...common, tags: [], value: 1, place: { ...place, key: `key ${index}` } }, 1);
    }
    expect(tier.size).toEqual({ entries: maxEntries, bytes: maxEntries });
    expect(tier.get('key 9')).toBeUndefined();
    expect(tier.get('key 10')).toBeDefined();
  });

  test.each([50_000_000, Number.MAX_SAFE_INTEGER])('memory.maxEntries: %d takes no memory in advance', (maxEntries) => {
    const before = process.memoryUsage();
    const cache = open({ memory: { maxEntries } });
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(20e6);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(20e6);
    cache.setSync('key', 1);
    cache.getSync('key');
    expect(callsOf(() => cache.getSync('key'))).toEqual([]);
  });

  test('keys that were cut from large texts do not keep these alive', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const cache = open();
    const text = (index: number) => Buffer.alloc(1_000_000, `a text that is large, ${index} `).toString('latin1');
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 40; index += 1) {
      const key = text(index).slice(7, 7 + 60);
      cache.setSync(key, index);
      cache.getSync(key);
    }
    // What was asked for and is not there is remembered too.
    for (let index = 40; index < 80; index += 1) cache.getSync(text(index).slice(7, 7 + 60));
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6);
  });

  test('a closed cache answers for nothing, not from memory either', async () => {
    const cache = open();
    cache.setSync('key', 1);
    cache.getSync('key');
    await cache.close();
    expect(() => cache.getSync('key')).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CLOSED' }));
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' });
  });

  test.each([
    [true, /memory must be false/],
    [null, /memory must be false/],
    [{ maxEntries: 0 }, /memory.maxEntries must be a whole number from 1/],
    [{ maxBytes: 1.5 }, /memory.maxBytes must be a whole number from 1/],
    [{ entries: 5 }, /entries/],
  ])('memory: %j is refused', (memory, message) => {
    const directory = `${quickFolder()}/cache`;
    expect(() => new FileCache({ directory, memory: memory as never })).toThrow(message);
  });
});
