import { readFileSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BLOCK_LENGTH, encodeHeader } from '../../../src/cache/format/entry.js';
import { replaceSyscalls, type Syscalls, syscalls } from '../../../src/os/syscalls.js';
import { FAULTS, failAt, recordCalls } from '../../faults/fault.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { entryPath, openCache, randomBytes, temporariesIn } from '../../helpers/file-cache.js';
import { eventually } from '../../helpers/times.js';
import { warningsAreMeant } from '../../helpers/warnings.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();
warningsAreMeant('HOLDFAST_DAMAGED_ENTRY');

const LARGE = 50 * BLOCK_LENGTH + 77;

function leftovers(directory: string): string[] {
  return [...temporariesIn(directory), ...openFilesIn(directory).filter((path) => !path.endsWith('.lock'))];
}

/** The calls that move bytes, with runs of one taken together. */
async function transfersOf(work: () => Promise<unknown>): Promise<string[]> {
  const calls = await recordCalls(work);
  const transfers = calls.filter((call) => /^(read|write|fsync)(Async)?$/.test(call));
  return transfers.filter((call, index) => call !== transfers[index - 1]);
}

describe.each(['rename', 'flock'] as const)('large values, strategy %s', (strategy) => {
  test('go through the thread pool both ways, and those up to inlineLimit do not', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes' });
    for (const length of [BLOCK_LENGTH, LARGE]) {
      const value = randomBytes(length);
      const pooled = length > BLOCK_LENGTH;
      const writes = await transfersOf(() => cache.set('key', value));
      expect(writes.filter((call) => call.startsWith('write'))).toEqual([pooled ? 'writeAsync' : 'write']);
      const reads = await transfersOf(async () => expect((await cache.get('key'))?.equals(value)).toBe(true));
      expect(reads.includes('readAsync')).toBe(pooled);
      expect(cache.getSync('key')?.equals(value)).toBe(true);
      expect((await cache.getEntry('key'))?.value.equals(value)).toBe(true);
      expect(await cache.has('key')).toBe(true);
    }
  });

  test('are written before the section, by set, getOrSet and update, on the thread too', async () => {
    const { cache, directory } = openCache<Buffer>({ strategy, codec: 'bytes' });
    const value = randomBytes(LARGE);
    await cache.delete('key');
    const { tryFlock, unflock, writeAsync, write } = syscalls;
    const locked = new Set<number>();
    let wroteInside = 0;
    let wrote = 0;
    const watched: Partial<Syscalls> = {
      tryFlock: (fd, mode) => {
        const held = tryFlock(fd, mode);
        const path = readlinkSync(`/proc/self/fd/${fd}`);
        if (held && /\/data\/[0-9a-f]{2}\.lock$/.test(path)) locked.add(fd);
        return held;
      },
      unflock: (fd) => {
        locked.delete(fd);
        unflock(fd);
      },
      writeAsync: (...args) => {
        wrote += 1;
        if (locked.size > 0) wroteInside += 1;
        return writeAsync(...args);
      },
      write: (...args) => {
        wrote += 1;
        if (locked.size > 0) wroteInside += 1;
        return write(...args);
      },
    };
    const restore = replaceSyscalls(watched);
    try {
      await cache.set('key', value);
      await cache.getOrSet('loaded', () => value);
      await cache.update('key', (old) => Buffer.concat([old ?? Buffer.alloc(0), Buffer.from('more')]));
      cache.setSync('sync', value);
      cache.updateSync('sync', (old) => Buffer.concat([old ?? Buffer.alloc(0), Buffer.from('more')]));
    } finally {
      restore();
    }
    expect(wrote).toBeGreaterThan(4);
    expect(wroteInside).toBe(0);
    expect((await cache.get('loaded'))?.equals(value)).toBe(true);
    for (const key of ['key', 'sync']) {
      expect((await cache.get(key))?.equals(Buffer.concat([value, Buffer.from('more')]))).toBe(true);
    }
    expect(await cache.verify()).toMatchObject({ entries: 3, found: 0 });
    expect(leftovers(directory)).toEqual([]);
  });

  test('an inlineLimit of 0 sends every read through the pool but those of what may be rewritten in place', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes', inlineLimit: 0 });
    for (const length of [0, 10, 5000, BLOCK_LENGTH, LARGE]) {
      const value = randomBytes(length);
      await cache.set('key', value);
      const calls = await recordCalls(async () => expect((await cache.get('key'))?.equals(value)).toBe(true));
      const rewritable = strategy === 'flock' && length <= 4000;
      expect(calls.includes('read')).toBe(rewritable);
      expect(calls.includes('readAsync')).toBe(!rewritable);
    }
    expect([await cache.get('none'), await cache.has('none')]).toEqual([undefined, false]);
  });

  test('an inlineLimit between is kept', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes', inlineLimit: 10_000 });
    for (const length of [10_000, 20_000]) {
      const value = randomBytes(length);
      await cache.set('key', value);
      const calls = await recordCalls(async () => expect((await cache.get('key'))?.equals(value)).toBe(true));
      expect(calls.includes('readAsync')).toBe(length > 10_000);
    }
  });

  test('concurrent reads of small and large values do not mix', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes' });
    const values = new Map([10, 3000, 5000, BLOCK_LENGTH, LARGE].map((length) => [`${length}`, randomBytes(length)]));
    await cache.setMany(values);
    const keys = Array.from({ length: 200 }, (_, index) => [...values.keys()][index % values.size] ?? '');
    const found = await Promise.all(keys.map((key) => cache.get(key)));
    expect(keys.filter((key, index) => !found[index]?.equals(values.get(key) ?? Buffer.alloc(0)))).toEqual([]);
  });

  test('with flush, file and folder are on the disk when a write returns, and nothing is rewritten in place', async () => {
    const { cache } = openCache<string>({ strategy, codec: 'text', flush: true });
    const writes: [string, () => unknown][] = [
      ['set', () => cache.set('key', 'value')],
      ['again', () => cache.set('key', 'value')],
      ['large', () => cache.set('key', 'x'.repeat(LARGE))],
      ['getOrSet', () => cache.getOrSet('other', () => 'value')],
      ['update', () => cache.update('key', () => 'value')],
      ['setSync', () => cache.setSync('key', 'value')],
      ['updateSync', () => cache.updateSync('key', () => 'value')],
    ];
    for (const [name, work] of writes) {
      const calls = await recordCalls(async () => work());
      const order = calls
        .filter((call) => /^(write|fsync|rename|exchange)/.test(call))
        .map((call) => call.replace('Async', ''));
      const published = order.filter((call) => call === 'rename' || call === 'exchange');
      expect([name, order.filter((call, index) => call !== order[index - 1])]).toEqual([
        name,
        ['write', 'fsync', ...published, 'fsync'],
      ]);
      expect(published).toHaveLength(1);
    }
    const removals: (() => unknown)[] = [() => cache.delete('key'), () => cache.deleteSync('other')];
    for (const work of removals) {
      const calls = await recordCalls(async () => work());
      expect(calls.filter((call) => call.startsWith('fsync'))).toHaveLength(1);
    }
  });

  test.each(FAULTS)('%s at any call of a large set: old or new value, the error told, nothing left', async (fault) => {
    const { cache, directory } = openCache<Buffer>({ strategy, codec: 'bytes', flush: true });
    const old = randomBytes(LARGE);
    const value = randomBytes(LARGE);
    const set = () =>
      cache.set('key', value).then(
        () => undefined,
        (error: { code?: string }) => error.code,
      );
    await cache.set('key', old);
    const calls = await recordCalls(set);
    const problems: string[] = [];
    for (const [index, call] of calls.entries()) {
      await cache.set('key', old);
      const restore = failAt(index, fault);
      const told = await set();
      restore();
      const found = await cache.get('key');
      if (told !== undefined && told !== fault) problems.push(`${index} ${call}: told ${told}`);
      if (told === undefined && !found?.equals(value)) problems.push(`${index} ${call}: succeeded without the value`);
      if (!found?.equals(value) && !found?.equals(old)) problems.push(`${index} ${call}: neither old nor new`);
      await cache.prune();
      if (leftovers(directory).length > 0) problems.push(`${index} ${call}: left ${leftovers(directory)}`);
    }
    expect(problems).toEqual([]);
  });
});

describe('large values', () => {
  test('a set that is under way when the cache is closed is stored, and a get is answered', async () => {
    const { cache, directory } = openCache<Buffer>({ codec: 'bytes' });
    const value = randomBytes(LARGE);
    await cache.set('read', value, { tags: ['tag'] });
    const setting = cache.set('written', value);
    const getting = cache.get('read');
    await cache.close();
    await setting;
    expect((await getting)?.equals(value)).toBe(true);
    expect(openFilesIn(directory)).toEqual([]);
    const { cache: again } = openCache<Buffer>({ directory, codec: 'bytes' });
    expect((await again.get('written'))?.equals(value)).toBe(true);
    expect(temporariesIn(directory)).toEqual([]);
  });

  test('a set that the cache is cleared under is stored in the next era', async () => {
    const { cache, directory } = openCache<Buffer>({ codec: 'bytes' });
    const value = randomBytes(LARGE);
    const { writeAsync } = syscalls;
    let cleared = false;
    const restore = replaceSyscalls({
      writeAsync: async (...args) => {
        const count = await writeAsync(...args);
        if (!cleared) {
          cleared = true;
          await cache.clear();
        }
        return count;
      },
    });
    await cache.set('key', value).finally(restore);
    expect((await cache.get('key'))?.equals(value)).toBe(true);
    // The former era is deleted behind.
    await cache.close();
    expect(leftovers(directory)).toEqual([]);
  });

  test.each(['update', 'getOrSet'] as const)('one that is damaged is replaced by %s, once', async (what) => {
    const { cache, directory } = openCache<Buffer>({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    const path = entryPath(directory, 'key');
    const bytes = readFileSync(path);
    bytes.fill(0, 100_000, 200_000);
    writeFileSync(path, bytes);
    const value = randomBytes(LARGE);
    let calls = 0;
    const make = () => {
      calls += 1;
      return value;
    };
    const work = () => (what === 'update' ? cache.update('key', (old) => old ?? make()) : cache.getOrSet('key', make));
    for (let time = 0; time < 2; time += 1) expect((await work())?.equals(value)).toBe(true);
    expect(calls).toBe(1);
    expect((await cache.get('key'))?.equals(value)).toBe(true);
  });

  test('a stale one is given to the loader that replaces it', async () => {
    const { cache } = openCache<Buffer>({ codec: 'bytes' });
    const old = randomBytes(LARGE);
    const options = { ttl: 0, staleWhileRevalidate: 60_000 };
    await cache.getOrSet('key', () => old, options);
    let previous: Buffer | undefined;
    const stale = await cache.getOrSet(
      'key',
      (context) => {
        previous = context.previous;
        return Buffer.from('new');
      },
      options,
    );
    expect(stale?.equals(old)).toBe(true);
    await eventually(() => previous !== undefined);
    expect(previous?.equals(old)).toBe(true);
  });

  test('the payload of another codec is not read', async () => {
    const { cache, directory } = openCache<Buffer>({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    const { cache: other } = openCache({ directory, codec: 'json' });
    const calls = await recordCalls(async () => expect(await other.get('key')).toBeUndefined());
    expect(calls).not.toContain('readAsync');
    expect(await other.has('key')).toBe(true);
  });

  test.each([
    ['getSync', (cache: { getSync(key: string): unknown }) => cache.getSync('key')],
    ['get', (cache: { get(key: string): unknown }) => cache.get('key')],
    ['readStream', (cache: { readStream(key: string): unknown }) => cache.readStream('key')],
  ] as const)(
    'an entry of 3 GiB in a file that holds nothing is a miss for %s, and no memory is taken for it',
    async (_, read) => {
      const { cache, directory } = openCache({ codec: 'bytes' });
      const payloadLength = 3 * 2 ** 30;
      const header = encodeHeader(
        {
          key: 'key',
          codec: 'bytes',
          rewritable: false,
          createdAt: 0,
          expiresAt: Number.POSITIVE_INFINITY,
          staleUntil: Number.POSITIVE_INFINITY,
          version: 1n,
          tags: [],
          payloadLength,
        },
        0,
      );
      const path = entryPath(directory, 'key');
      writeFileSync(path, header);
      truncateSync(path, header.length + payloadLength + payloadLength / (BLOCK_LENGTH / 4));
      const before = addressSpace();
      let most = before;
      const { read: readNow, readAsync } = syscalls;
      const restore = replaceSyscalls({
        read: (...args) => {
          most = Math.max(most, addressSpace());
          return readNow(...args);
        },
        readAsync: (...args) => {
          most = Math.max(most, addressSpace());
          return readAsync(...args);
        },
      });
      try {
        expect(await read(cache as never)).toBeUndefined();
      } finally {
        restore();
      }
      expect(most - before).toBeLessThan(512 * 1024 * 1024);
      expect((await cache.stats()).damaged).toBe(1);
    },
  );

  test.each([
    ['inlineLimit', -1],
    ['inlineLimit', 1.5],
    ['inlineLimit', '1'],
    ['flush', 1],
    ['flush', 'yes'],
  ])('%s: %j is refused', (option, value) => {
    expect(() => openCache({ [option]: value } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
  });
});

/** Bytes of address space, touched or not. */
function addressSpace(): number {
  const [, kibibytes] = /VmSize:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
