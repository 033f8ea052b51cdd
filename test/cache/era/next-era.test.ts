import { readdirSync, renameSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { openLockFile } from '../../../src/lock/index.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { clearDirectoryNow } from '../../helpers/cache.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { quickFolder } from '../../helpers/folder.js';
import { mountOverlay } from '../../helpers/mount.js';
import { needs } from '../../helpers/needs.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const slept = vi.hoisted(() => ({ times: 0 }));
vi.mock('../../../src/os/sleep.js', () => ({
  sleepSync: () => {
    slept.times += 1;
  },
}));

type Strategy = 'rename' | 'flock';

function open(strategy: Strategy, lockTimeout = 10_000): { cache: FileCache<string>; directory: string } {
  const directory = `${quickFolder()}/cache`;
  const cache = new FileCache<string>({ directory, strategy, lockTimeout, codec: 'text' });
  onTestFinished(() => cache.close());
  return { cache, directory };
}

/** What a process does that is stopped in the middle of `clear`: it has ended the era, and holds the lock of `format`. */
function stopInClear(directory: string): { goOn(): void } {
  const file = openLockFile(`${directory}/v1/format.lock`, undefined);
  expect(syscalls.tryFlock(file.fd, 'exclusive')).toBe(true);
  const [era] = namesIn(directory, 'era-');
  const words = syscalls.open(`${directory}/v1/${era}/shared`, 2);
  syscalls.write(words, Buffer.alloc(4), 0, 4, 0);
  syscalls.close(words);
  return { goOn: () => syscalls.close(file.fd) };
}

function namesIn(directory: string, prefix: string): string[] {
  return readdirSync(`${directory}/v1`).filter((name) => name.startsWith(prefix));
}

/** How many turns of the event loop go by until `work` is over. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const count = () => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  await work.finally(() => {
    over = true;
  });
  return turns;
}

describe.each(['rename', 'flock'] as const)('%s, beside a process that is stopped in clear', (strategy) => {
  const READS: Record<string, (cache: FileCache<string>) => Promise<unknown>> = {
    get: (cache) => cache.get('key'),
    has: async (cache) => (await cache.has('key')) || undefined,
    getEntry: (cache) => cache.getEntry('key'),
    getMany: async (cache) => (await cache.getMany(['key'])).get('key'),
    readStream: (cache) => cache.readStream('key'),
    map: (cache) => cache.map('key'),
  };

  test('reads are misses at once, and nothing sleeps on the thread', async () => {
    const { cache, directory } = open(strategy);
    cache.setSync('key', 'value');
    const stopped = stopInClear(directory);
    slept.times = 0;
    for (const [name, read] of Object.entries(READS)) {
      expect({ name, value: await read(cache) }).toEqual({ name, value: undefined });
    }
    expect(slept.times).toBe(0);
    stopped.goOn();
  });

  const OTHERS: Record<string, (cache: FileCache<string>) => Promise<unknown>> = {
    set: (cache) => cache.set('a', 'value'),
    'set of a large value': (cache) => cache.set('b', 'x'.repeat(200_000)),
    'set with tags': (cache) => cache.set('c', 'value', { tags: ['tag'] }),
    setMany: (cache) => cache.setMany([['d', 'value']]),
    delete: (cache) => cache.delete('e'),
    getOrSet: (cache) => cache.getOrSet('f', () => 'value'),
    update: (cache) => cache.update('g', () => 'value'),
    invalidateTags: (cache) => cache.invalidateTags(['another']),
    writeStream: (cache) => pipeline(['value'], cache.writeStream('h')),
    stats: (cache) => cache.stats(),
    verify: (cache) => cache.verify(),
    prune: (cache) => cache.prune(),
    keys: async (cache) => cache.keys().next(),
    clear: (cache) => cache.clear(),
  };

  test('all others wait with the event loop going on, and go on when it does', async () => {
    const { cache, directory } = open(strategy);
    const stopped = stopInClear(directory);
    slept.times = 0;
    let settled = 0;
    const { clear, ...others } = OTHERS;
    const running = Object.values(others).map((work) => work(cache).finally(() => (settled += 1)));
    // Not a time to be kept: so many turns are more than any of them needs where it does not wait.
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect({ settled, slept: slept.times }).toEqual({ settled: 0, slept: 0 });
    stopped.goOn();
    await Promise.all(running);
    expect(slept.times).toBe(0);
    for (const key of ['a', 'c', 'd', 'f', 'g']) expect(await cache.get(key)).toBe('value');
    const stream = await cache.readStream('h');
    expect(stream && (await text(stream))).toBe('value');
    await clear?.(cache);
    expect(await cache.get('a')).toBeUndefined();
  });

  test('they give up after lockTimeout, and leave nothing; close ends what waits', async () => {
    const { cache, directory } = open(strategy, 30);
    const stopped = stopInClear(directory);
    slept.times = 0;
    const timeout = expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' });
    await expect(cache.set('key', 'value')).rejects.toEqual(timeout);
    await expect(cache.clear()).rejects.toEqual(timeout);
    const waiting = cache.set('key', 'value').catch((error: { code: string }) => error.code);
    await cache.close();
    expect(['ERR_CACHE_CLOSED', 'ERR_LOCK_TIMEOUT']).toContain(await waiting);
    expect({ slept: slept.times, left: namesIn(directory, 'new-') }).toEqual({ slept: 0, left: [] });
    stopped.goOn();
    expect(openFilesIn(directory)).toEqual([]);
  });
});

/** Makes each call of this name last for a tenth of a millisecond. */
function slow(name: 'mkdir' | 'unlink', called: () => void): void {
  const real = syscalls[name] as (path: string, mode: number) => void;
  const restore = replaceSyscalls({
    [name]: (path: string, mode: number) => {
      called();
      for (const end = performance.now() + 0.1; performance.now() < end; );
      real(path, mode);
    },
  });
  onTestFinished(restore);
}

describe('clear', () => {
  test('builds the next era in slices, and brings it to the disk off the thread', async () => {
    const { cache } = open('rename');
    const fsync = vi.fn(syscalls.fsync);
    onTestFinished(replaceSyscalls({ fsync }));
    slow('mkdir', () => {});
    const turns = await turnsDuring(cache.clear());
    expect(turns).toBeGreaterThan(4);
    expect(fsync).not.toHaveBeenCalled();
  });

  test('what is stored while it builds is there until it ends the era, and gone when it resolves', async () => {
    const { cache } = open('rename');
    const clearing = cache.clear();
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
    await clearing;
    expect(await cache.get('key')).toBeUndefined();
    await cache.set('key', 'later');
    expect(await cache.get('key')).toBe('later');
  });

  test('20 at a time share what is being built', async () => {
    const { cache, directory } = open('rename');
    const built: string[] = [];
    const { mkdir } = syscalls;
    onTestFinished(
      replaceSyscalls({
        mkdir: (path, mode) => {
          if (/\/new-[0-9a-f]+$/.test(path)) built.push(path);
          mkdir(path, mode);
        },
      }),
    );
    cache.setSync('key', 'value');
    await Promise.all(Array.from({ length: 20 }, () => cache.clear()));
    expect(built).toHaveLength(1);
    expect(cache.getSync('key')).toBeUndefined();
    expect(namesIn(directory, 'era-')).toHaveLength(1);
  });

  test('20 in a row are deleted behind by one remover: one slice a turn, and one descriptor', async () => {
    const { cache, directory } = open('rename');
    await cache.set('key', 'value');
    const idle = openFilesIn(directory).length;
    for (let n = 0; n < 20; n += 1) await cache.clear();
    let [inTurn, most, descriptors] = [0, 0, 0];
    slow('unlink', () => {
      inTurn += 1;
      most = Math.max(most, inTurn);
    });
    const closing = cache.close();
    let over = false;
    void closing.finally(() => {
      over = true;
    });
    while (!over) {
      inTurn = 0;
      descriptors = Math.max(descriptors, openFilesIn(directory).length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // A slice is 4 ms, and others may be served in a turn first.
    expect(most).toBeLessThan(100);
    expect(descriptors).toBeLessThan(idle + 4);
    expect(namesIn(directory, 'ended-')).toEqual([]);
  });

  test('an era that ends and begins anew on the thread meanwhile is ended too', async () => {
    const { cache, directory } = open('rename');
    const clearing = cache.clear();
    clearDirectoryNow(directory);
    cache.setSync('key', 'value');
    await clearing;
    expect(cache.getSync('key')).toBeUndefined();
    expect(namesIn(directory, 'era-')).toHaveLength(1);
  });
});

describe('an era whose folder cannot be renamed', () => {
  function refuseToRename(): void {
    const { rename } = syscalls;
    onTestFinished(
      replaceSyscalls({
        rename: (from, to) => {
          if (/\/era-[0-9a-f]+$/.test(from)) throw Object.assign(new Error('EXDEV: rename'), { code: 'EXDEV' });
          rename(from, to);
        },
      }),
    );
  }

  test('is ended, and deleted where it is', async () => {
    const { cache, directory } = open('rename');
    const other = new FileCache<string>({ directory, codec: 'text' });
    onTestFinished(() => other.close());
    cache.setSync('key', 'value');
    expect(other.getSync('key')).toBe('value');
    refuseToRename();
    await cache.clear();
    expect([cache.getSync('key'), other.getSync('key')]).toEqual([undefined, undefined]);
    await other.set('key', 'new');
    expect(await cache.get('key')).toBe('new');
    await cache.close();
    expect(namesIn(directory, 'era-')).toHaveLength(1);
    expect(await other.get('key')).toBe('new');
  });

  test.skipIf(!needs('root', 'overlay'))(
    'in a lower layer of an overlay file system, as in an image: cleared, damaged, cleared',
    async () => {
      const lower = quickFolder();
      const baked = new FileCache<string>({ directory: `${lower}/cache`, codec: 'text' });
      baked.setSync('key', 'value');
      await baked.close();
      const directory = `${mountOverlay(lower)}/cache`;
      const [inImage = ''] = namesIn(directory, 'era-');
      expect(() => renameSync(`${directory}/v1/${inImage}`, `${directory}/v1/x`)).toThrow(
        expect.objectContaining({ code: 'EXDEV' }),
      );
      const [cache, other] = [1, 2].map(() => new FileCache<string>({ directory, codec: 'text' }));
      if (cache === undefined || other === undefined) throw new Error('two of two');
      onTestFinished(() => other.close());
      expect([cache.getSync('key'), other.getSync('key')]).toEqual(['value', 'value']);
      await cache.clear();
      expect([await cache.get('key'), await other.get('key')]).toEqual([undefined, undefined]);
      other.setSync('key', 'new');
      expect(await cache.get('key')).toBe('new');
      const [era = ''] = namesIn(directory, 'era-').filter((name) => name !== inImage);
      rmSync(`${directory}/v1/${era}/shared`);
      await cache.clear();
      await cache.close();
      expect(namesIn(directory, 'era-')).toHaveLength(1);
      expect((await other.verify()).found).toBe(0);
    },
  );

  test('and one that was left behind is found by prune', async () => {
    const { cache, directory } = open('rename');
    cache.setSync('key', 'value');
    syscalls.mkdir(`${directory}/v1/era-00/`, 0o700);
    syscalls.mkdir(`${directory}/v1/era-00/data`, 0o700);
    refuseToRename();
    expect(await cache.prune()).toMatchObject({ eras: 1 });
    expect(namesIn(directory, 'era-')).toHaveLength(1);
    expect(await cache.get('key')).toBe('value');
  });
});
