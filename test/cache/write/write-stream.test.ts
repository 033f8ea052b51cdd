import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { removeOrphan } from '../../../src/cache/disk/shard-folder.js';
import type { FileCache } from '../../../src/cache/file-cache.js';
import { BLOCK_LENGTH } from '../../../src/cache/format/entry.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { FAULTS, failAt, recordCalls } from '../../faults/fault.js';
import { cacheForTest } from '../../helpers/cache.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { collect, entryPath, openCache, randomBytes, temporariesIn } from '../../helpers/file-cache.js';
import { run } from '../../helpers/run.js';
import { eventually } from '../../helpers/times.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';
import { readByTheBook } from '../format/entry-reader.js';

skipWithoutKoffi();

const LENGTHS = [
  0,
  1,
  4000,
  BLOCK_LENGTH - 1,
  BLOCK_LENGTH,
  BLOCK_LENGTH + 1,
  2 * BLOCK_LENGTH,
  20 * BLOCK_LENGTH + 77,
];
const CHUNKS = [1_000, 65_536, 70_001, 2_000_000];
const LARGE = 20 * BLOCK_LENGTH + 77;

/** Ends a stream and waits for what comes of it. */
async function finished(stream: Writable): Promise<unknown> {
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.on('error', () => {});
  stream.end();
  await closed;
  return stream.errored ?? undefined;
}

function written(stream: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

async function streamed(cache: FileCache, key: string): Promise<Buffer | undefined> {
  const stream = await cache.readStream(key);
  if (stream === undefined) return undefined;
  const { bytes, error } = await collect(stream);
  expect(error).toBeUndefined();
  return bytes;
}

/** Temporaries, and descriptors but for those of shard locks. */
function leftovers(directory: string): string[] {
  // Locks of shards stay open; what marks a folder in which former eras are deleted is no stream's.
  const open = openFilesIn(directory).filter((path) => !path.endsWith('.lock') && path !== `${directory}/v1`);
  return [...temporariesIn(directory), ...open];
}

describe.each(['rename', 'flock'] as const)('writeStream, strategy %s', (strategy) => {
  test('stores what was written, whatever its length and that of its chunks, in the form that every entry has', async () => {
    const { cache, directory } = openCache<Buffer>({ strategy, codec: 'bytes' });
    for (const length of LENGTHS) {
      for (const chunkLength of CHUNKS) {
        const value = randomBytes(length);
        await pipeline(Readable.from(chunks(value, chunkLength)), cache.writeStream('key'));
        expect((await cache.get('key'))?.equals(value)).toBe(true);
        expect((await streamed(cache as FileCache, 'key'))?.equals(value)).toBe(true);
        const book = readByTheBook(readFileSync(entryPath(directory, 'key')));
        expect('entry' in book && Buffer.from(book.entry.payload).equals(value)).toBe(true);
        expect(book).toMatchObject({ entry: { key: 'key', codec: 0, rewritable: false } });
      }
    }
    expect(leftovers(directory)).toEqual([]);
    const report = await cache.verify();
    expect(report).toMatchObject({ entries: 1, found: 0 });
    expect(await cache.stats()).toMatchObject({ entries: 1, bytes: report.bytes, damaged: 0 });
  });

  test('the entry is there when the stream has finished, for every instance, and not before', async () => {
    const { cache, directory } = openCache({ strategy, codec: 'bytes' });
    const { cache: other } = openCache<Buffer>({ directory, strategy, codec: 'bytes' });
    await other.set('key', Buffer.from('old'));
    const stream = cache.writeStream('key');
    await written(stream, randomBytes(LARGE));
    expect(await other.get('key')).toEqual(Buffer.from('old'));
    expect(temporariesIn(directory)).toHaveLength(1);
    stream.end(Buffer.from('end'));
    await once(stream, 'finish');
    expect((await other.get('key'))?.length).toBe(LARGE + 3);
    await eventually(() => leftovers(directory).length === 0);
  });

  test('last to commit wins over a set and a delete in between', async () => {
    const { cache } = openCache({ strategy, codec: 'bytes' });
    for (const what of ['set', 'delete'] as const) {
      const stream = cache.writeStream('key');
      await written(stream, Buffer.from('streamed'));
      if (what === 'set') await cache.set('key', Buffer.from('set'));
      else await cache.delete('key');
      expect(await finished(stream)).toBeUndefined();
      expect(await streamed(cache, 'key')).toEqual(Buffer.from('streamed'));
    }
  });

  test('destroyed at any point: the old value stays, and nothing else', async () => {
    const { cache, directory } = openCache<Buffer>({ strategy, codec: 'bytes' });
    await cache.set('key', Buffer.from('old'));
    const points: ((stream: Writable) => unknown)[] = [
      () => {},
      (stream) => stream.write(randomBytes(10)),
      (stream) => written(stream, randomBytes(LARGE)),
      (stream) => {
        for (let time = 0; time < 5; time += 1) stream.write(randomBytes(LARGE));
      },
      (stream) => stream.end(randomBytes(LARGE)),
      (stream) => stream.end(),
    ];
    for (const point of points) {
      for (const error of [undefined, new Error('enough')]) {
        const stream = cache.writeStream('key');
        stream.on('error', () => {});
        const closed = new Promise((resolve) => stream.once('close', resolve));
        await point(stream);
        stream.destroy(error);
        await closed;
        expect(await cache.get('key')).toEqual(Buffer.from('old'));
        expect(leftovers(directory)).toEqual([]);
      }
    }
    expect(await cache.verify()).toMatchObject({ entries: 1, found: 0 });
  });

  test('destroyed while it waits for the section: it is not published', async () => {
    const { cache, directory } = openCache({ strategy, codec: 'bytes' });
    const { tryFlock } = syscalls;
    let tries = 0;
    const stream = cache.writeStream('key');
    await written(stream, randomBytes(LARGE));
    const restore = replaceSyscalls({
      tryFlock: (fd, mode) => {
        tries += 1;
        if (tries === 2) stream.destroy();
        return tries > 3 && tryFlock(fd, mode);
      },
    });
    const outcome = await finished(stream).finally(restore);
    expect({ outcome, tries: tries > 3 }).toEqual({ outcome: undefined, tries: true });
    expect(await cache.has('key')).toBe(false);
    expect(leftovers(directory)).toEqual([]);
  });

  test('cleared, or removed, in between: it ends well, and its value has gone with the others', async () => {
    const { cache, directory } = openCache({ strategy, codec: 'bytes' });
    const ends: (() => unknown)[] = [() => cache.clear(), () => renameSync(`${directory}/v1`, `${directory}/removed`)];
    for (const end of ends) {
      const stream = cache.writeStream('key');
      await written(stream, randomBytes(LARGE));
      await end();
      await written(stream, randomBytes(LARGE));
      expect(await finished(stream)).toBeUndefined();
      expect(await cache.has('key')).toBe(false);
      await pipeline(Readable.from([Buffer.from('next')]), cache.writeStream('key'));
      expect(await streamed(cache, 'key')).toEqual(Buffer.from('next'));
      expect(leftovers(directory)).toEqual([]);
    }
  });

  test('a directory that is removed is made again when a stream begins', async () => {
    const { cache, directory } = openCache({ strategy, codec: 'bytes' });
    renameSync(`${directory}/v1`, `${directory}/removed`);
    await pipeline(Readable.from([Buffer.from('value')]), cache.writeStream('key'));
    expect(await streamed(cache, 'key')).toEqual(Buffer.from('value'));
  });

  test('killed in the middle: verify names what is left, and prune removes it; while it lives both leave it alone', async () => {
    const { cache, directory } = openCache({ strategy });
    for (const repair of ['verify', 'prune'] as const) {
      const writer = run('stream-writer.mjs', [directory, strategy, 'key']);
      await writer.said('half');
      expect(await cache.verify({ repair: true })).toMatchObject({ found: 0 });
      expect(await cache.prune()).toMatchObject({ temporaries: 0 });
      expect(temporariesIn(directory)).toHaveLength(1);
      writer.kill();
      await writer.ended;
      expect(await cache.verify()).toMatchObject({ found: 1, counts: { 'orphaned temporary': 1 } });
      if (repair === 'verify') expect(await cache.verify({ repair: true })).toMatchObject({ repaired: 1 });
      else expect(await cache.prune()).toMatchObject({ temporaries: 1 });
      expect(await cache.verify()).toMatchObject({ found: 0, entries: 0 });
      expect(temporariesIn(directory)).toEqual([]);
    }
    const writer = run('stream-writer.mjs', [directory, strategy, 'key']);
    await writer.said('half');
    await cache.prune();
    writer.say('go on');
    await writer.said('whole');
    expect((await streamed(cache, 'key'))?.length).toBe(2 * 1024 * 1024);
  });
});

describe('writeStream', () => {
  test('under another codec than bytes the value is a miss for get, and is there for has, keys, readStream and map', async () => {
    for (const codec of ['json', 'text', 'v8'] as const) {
      const { cache } = openCache<unknown>({ codec });
      for (const value of [Buffer.from('{"a":1}'), Buffer.alloc(LARGE, '1')]) {
        await pipeline(Readable.from([value]), cache.writeStream('key'));
        expect([await cache.get('key'), cache.getSync('key'), await cache.has('key')]).toEqual([
          undefined,
          undefined,
          true,
        ]);
        expect((await streamed(cache, 'key'))?.equals(value)).toBe(true);
        const mapped = await cache.map('key');
        expect(mapped?.bytes.equals(value)).toBe(true);
        await mapped?.close();
        const keys: string[] = [];
        for await (const key of cache.keys()) keys.push(key);
        expect(keys).toEqual(['key']);
        expect((await cache.stats()).damaged).toBe(0);
      }
    }
  });

  test('asks its source to wait while the disk is slow: what is in memory does not grow', async () => {
    const { cache } = openCache({ codec: 'bytes' });
    const { writeAsync } = syscalls;
    let letGo = () => {};
    const slow = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const restore = replaceSyscalls({
      writeAsync: async (...args) => {
        await slow;
        return writeAsync(...args);
      },
    });
    let given = 0;
    const source = new Readable({
      highWaterMark: BLOCK_LENGTH,
      read() {
        given += 1;
        this.push(given > 300 ? null : Buffer.alloc(BLOCK_LENGTH));
      },
    });
    const done = pipeline(source, cache.writeStream('key'));
    for (let turn = 0; turn < 500; turn += 1) await nextTurn();
    const givenMeanwhile = given;
    letGo();
    await done.finally(restore);
    expect(givenMeanwhile).toBeLessThan(16);
    expect(given).toBe(301);
    expect((await streamed(cache, 'key'))?.length).toBe(300 * BLOCK_LENGTH);
  });

  test('ttl counts from the end, tags from the beginning', async () => {
    const { cache } = openCache({ codec: 'bytes', ttl: 60_000 });
    const expired = cache.writeStream('key', { ttl: 0 });
    await finished(expired);
    expect(await cache.readStream('key')).toBeUndefined();
    const tagged = cache.writeStream('key', { tags: ['tag'] });
    // In the same turn: what is about to be written may have been read before.
    await Promise.all([cache.invalidateTags(['tag']), written(tagged, Buffer.from('stale'))]);
    await finished(tagged);
    expect(await cache.readStream('key')).toBeUndefined();
    await pipeline(Readable.from([Buffer.from('new')]), cache.writeStream('key', { tags: ['tag'] }));
    const entry = await cache.getEntry('key');
    expect(entry).toMatchObject({ value: Buffer.from('new') });
    expect((entry?.expiresAt ?? 0) - (entry?.createdAt ?? 0)).toBe(60_000);
  });

  test('more than maxBytes: ERR_VALUE_TOO_LARGE as soon as it is known, and the old value stays', async () => {
    const { cache, directory } = openCache<Buffer>({ codec: 'bytes', maxBytes: 1_000_000 });
    await cache.set('key', Buffer.from('old'));
    let given = 0;
    async function* endless() {
      for (;;) {
        given += BLOCK_LENGTH;
        yield Buffer.alloc(BLOCK_LENGTH);
      }
    }
    await expect(pipeline(Readable.from(endless()), cache.writeStream('key'))).rejects.toMatchObject({
      code: 'ERR_VALUE_TOO_LARGE',
    });
    expect(given).toBeLessThan(4_000_000);
    expect(await cache.get('key')).toEqual(Buffer.from('old'));
    expect(leftovers(directory)).toEqual([]);
  });

  test('streams count for maxBytes', async () => {
    const { cache: writer, directory } = openCache({ codec: 'bytes', maxBytes: 2_000_000 });
    for (let index = 0; index < 20; index += 1) {
      await pipeline(Readable.from([Buffer.alloc(300_000)]), writer.writeStream(`key ${index}`));
    }
    // What is being evicted in the background has been.
    await writer.close();
    const { cache } = openCache({ codec: 'bytes', directory });
    const { entries, bytes } = await cache.stats();
    expect(bytes).toBeLessThanOrEqual(2_200_000);
    expect(entries).toBeGreaterThanOrEqual(3);
    expect(await cache.verify()).toMatchObject({ entries, bytes, found: 0 });
  });

  test('close ends those that have not been ended, and waits for the others', async () => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    const open = cache.writeStream('open');
    const failed = once(open, 'error');
    await written(open, randomBytes(LARGE));
    const ended = cache.writeStream('ended');
    ended.end(randomBytes(LARGE));
    await cache.close();
    expect((await failed)[0]).toMatchObject({ code: 'ERR_CACHE_CLOSED' });
    expect(ended.writableFinished).toBe(true);
    expect(openFilesIn(directory)).toEqual([]);
    expect(temporariesIn(directory)).toEqual([]);
    const { cache: again } = openCache({ directory, codec: 'bytes' });
    expect([await again.has('open'), await again.has('ended')]).toEqual([false, true]);
    expect(() => cache.writeStream('key')).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CLOSED' }));
  });

  test('wrong use throws at once', () => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    expect(() => cache.writeStream('')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_KEY' }));
    expect(() => cache.writeStream('key', { ttl: -1 })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
    expect(() => cache.writeStream('key', { tags: [''] })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
    expect(leftovers(directory)).toEqual([]);
  });

  test('with flush: the bytes reach the disk before the name changes, and the name before it finishes', async () => {
    const { cache } = openCache({ codec: 'bytes', flush: true });
    const calls = await recordCalls(() => pipeline(Readable.from([Buffer.from('value')]), cache.writeStream('key')));
    const order = calls.filter((call) => ['writeAsync', 'fsyncAsync', 'rename'].includes(call));
    expect(order).toEqual(['writeAsync', 'writeAsync', 'fsyncAsync', 'rename', 'fsyncAsync']);
  });

  test('who clears up between the making of its file and its lock takes it, and the stream makes another one', async () => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    const { cache: other } = openCache({ directory, codec: 'bytes' });
    await cache.set('key', Buffer.from('old'));
    const { open } = syscalls;
    let made = 0;
    const { era } = cacheForTest({ directory }).sections;
    const restore = replaceSyscalls({
      open: (path, flags, mode) => {
        const fd = open(path, flags, mode);
        if (/\/\.[^/]+$/.test(path) && mode !== undefined) {
          made += 1;
          // As fast as somebody else could be.
          if (made === 1) expect(removeOrphan(era, path)).toBe(0);
        }
        return fd;
      },
    });
    try {
      await pipeline(Readable.from([Buffer.from('new')]), cache.writeStream('key'));
    } finally {
      restore();
    }
    expect(made).toBe(2);
    expect(await other.get('key')).toEqual(Buffer.from('new'));
    expect(leftovers(directory)).toEqual([]);
  });

  test.each(FAULTS)('%s at any call: the old value or the new one, the error told, and nothing left', async (fault) => {
    const { cache, directory } = openCache<Buffer>({ codec: 'bytes', flush: true });
    const old = Buffer.from('old');
    const value = randomBytes(3 * BLOCK_LENGTH);
    await cache.set('key', old);
    const work = async () => {
      try {
        await pipeline(Readable.from(chunks(value, BLOCK_LENGTH)), cache.writeStream('key'));
        return undefined;
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    const calls = await recordCalls(work);
    expect(calls.length).toBeGreaterThan(10);
    const problems: string[] = [];
    for (const [index, call] of calls.entries()) {
      await cache.set('key', old);
      const restore = failAt(index, fault);
      const told = await work();
      restore();
      const found = await cache.get('key');
      if (told !== undefined && told !== fault) problems.push(`${index} ${call}: told ${told}`);
      if (told === undefined && !found?.equals(value)) problems.push(`${index} ${call}: succeeded without the value`);
      if (!found?.equals(value) && !found?.equals(old)) problems.push(`${index} ${call}: neither old nor new`);
      await cache.prune();
      if (leftovers(directory).length > 0) problems.push(`${index} ${call}: left ${leftovers(directory)}`);
    }
    expect(problems).toEqual([]);
    expect(await cache.verify()).toMatchObject({ entries: 1, found: 0 });
  });
});

function* chunks(bytes: Buffer, length: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += length) yield bytes.subarray(from, from + length);
}
