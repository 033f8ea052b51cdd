import { once } from 'node:events';
import { closeSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { BLOCK_LENGTH, payloadOffsetFor } from '../../../src/cache/format/entry.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { failAt, recordCalls } from '../../faults/fault.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { collect, entryPath, openCache, randomBytes } from '../../helpers/file-cache.js';
import { eventually } from '../../helpers/times.js';
import { warningsAreMeant } from '../../helpers/warnings.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();
warningsAreMeant('HOLDFAST_DAMAGED_ENTRY');

/** Around the edges of blocks, and of the pieces in which they are read. */
const LENGTHS = [
  0,
  1,
  5000,
  BLOCK_LENGTH - 1,
  BLOCK_LENGTH,
  BLOCK_LENGTH + 1,
  8 * BLOCK_LENGTH,
  40 * BLOCK_LENGTH + 77,
];
const LARGE = 40 * BLOCK_LENGTH + 77;
/** Where the payload of an entry without tags begins. */
const PAYLOAD = payloadOffsetFor('key'.length, 0);

async function streamOf(cache: { readStream(key: string): Promise<Readable | undefined> }): Promise<Readable> {
  const stream = await cache.readStream('key');
  if (stream === undefined) throw new Error('a miss');
  return stream;
}

/** Descriptors of entries; those of shard locks stay open. */
function openEntries(directory: string): string[] {
  return openFilesIn(directory).filter((path) => !path.endsWith('.lock'));
}

describe.each(['rename', 'flock'] as const)('readStream, strategy %s', (strategy) => {
  test('gives the bytes that were set, whatever their length, and closes the file', async () => {
    const { cache, directory } = openCache({ strategy, codec: 'bytes' });
    for (const length of LENGTHS) {
      const value = randomBytes(length);
      await cache.set('key', value);
      const { bytes, error } = await collect(await streamOf(cache));
      expect(error).toBeUndefined();
      expect(bytes.equals(value)).toBe(true);
      expect(openEntries(directory)).toEqual([]);
    }
  });

  test.each([
    ['json', { a: ['ä', 1] }, Buffer.from('{"a":["ä",1]}')],
    ['text', 'täxt', Buffer.from('täxt')],
    ['bytes', Buffer.from([0, 255]), Buffer.from([0, 255])],
    [{ encode: () => Buffer.from('encoded'), decode: () => 'decoded' }, 'value', Buffer.from('encoded')],
  ] as const)('gives the encoded value, codec %j', async (codec, value, encoded) => {
    const { cache } = openCache<unknown>({ strategy, codec });
    await cache.set('key', value);
    expect((await collect(await streamOf(cache))).bytes).toEqual(encoded);
  });

  test('what is missing, expired or invalidated is a miss, and nothing stays open', async () => {
    const { cache, directory } = openCache({ strategy, codec: 'bytes' });
    for (const length of [10, LARGE]) {
      expect(await cache.readStream('key')).toBeUndefined();
      await cache.set('key', randomBytes(length), { ttl: 0 });
      expect(await cache.readStream('key')).toBeUndefined();
      await cache.set('key', randomBytes(length), { tags: ['tag'] });
      await cache.invalidateTags(['tag']);
      expect(await cache.readStream('key')).toBeUndefined();
      await cache.delete('key');
    }
    expect(openEntries(directory)).toEqual([]);
  });

  test('a stream goes on with its version after a set, a delete, a clear and a close', async () => {
    const { cache } = openCache({ strategy, codec: 'bytes' });
    for (const what of ['set', 'delete', 'clear', 'close'] as const) {
      for (const length of [300, LARGE]) {
        const value = randomBytes(length);
        await cache.set('key', value);
        const stream = await streamOf(cache);
        if (what === 'set') for (let time = 0; time < 3; time += 1) await cache.set('key', randomBytes(length));
        else if (what === 'delete') await cache.delete('key');
        else if (what === 'clear') await cache.clear();
        else if (length === LARGE) await cache.close();
        const { bytes, error } = await collect(stream);
        expect(error).toBeUndefined();
        expect(bytes.equals(value)).toBe(true);
      }
    }
  });
});

describe('readStream of what is damaged', () => {
  const table = PAYLOAD + LARGE;
  test.each([
    ['the header', 10],
    ['the key', 81],
    ['the first block', PAYLOAD],
    ['the end of the first block', PAYLOAD + BLOCK_LENGTH - 1],
    ['the table', table],
    ['the last checksum of the table', table + 4 * 40],
  ])('%s: a miss, told, and nothing stays open', async (_, offset) => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    flip(entryPath(directory, 'key'), offset);
    expect(await cache.readStream('key')).toBeUndefined();
    expect((await cache.stats()).damaged).toBe(1);
    expect(openEntries(directory)).toEqual([]);
  });

  test.each([
    ['a block in the middle', PAYLOAD + 20 * BLOCK_LENGTH + 5],
    ['the last byte', PAYLOAD + LARGE - 1],
  ])('%s: ERR_ENTRY_DAMAGED after whole blocks, none of them wrong', async (_, offset) => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    const value = randomBytes(LARGE);
    await cache.set('key', value);
    const path = entryPath(directory, 'key');
    flip(path, offset);
    const { bytes, error } = await collect(await streamOf(cache));
    expect(error).toMatchObject({ code: 'ERR_ENTRY_DAMAGED', path });
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.length).toBeLessThanOrEqual(offset - PAYLOAD);
    expect(bytes.equals(value.subarray(0, bytes.length))).toBe(true);
    expect((await cache.stats()).damaged).toBe(1);
    expect(openEntries(directory)).toEqual([]);
  });

  test('a file that is cut short under the stream: ERR_ENTRY_DAMAGED', async () => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    const stream = await streamOf(cache);
    truncateSync(entryPath(directory, 'key'), PAYLOAD + 10 * BLOCK_LENGTH);
    const { error } = await collect(stream);
    expect(error).toMatchObject({ code: 'ERR_ENTRY_DAMAGED' });
    expect(openEntries(directory)).toEqual([]);
  });

  test('a file that is cut short before: a miss', async () => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    const path = entryPath(directory, 'key');
    truncateSync(path, statSync(path).size - 1);
    expect(await cache.readStream('key')).toBeUndefined();
  });
});

describe('a stream that is read', () => {
  test('reads no further than is asked for', async () => {
    const { cache } = openCache({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    const stream = await streamOf(cache);
    let read = 0;
    const { readAsync } = syscalls;
    const restore = replaceSyscalls({
      readAsync: async (...args) => {
        const count = await readAsync(...args);
        read += count;
        return count;
      },
    });
    try {
      await once(stream, 'readable');
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      // A piece waits to be taken, and another one behind it.
      expect(read).toBeLessThanOrEqual(8 * BLOCK_LENGTH);
    } finally {
      restore();
    }
    expect((await collect(stream)).bytes.length).toBe(LARGE);
  });

  test('can be destroyed at any point, and closes its file, but not under a read', async () => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    const destroyers: ((stream: Readable) => unknown)[] = [
      (stream) => stream.destroy(),
      (stream) => {
        stream.read(1);
        stream.destroy();
      },
      async (stream) => {
        await once(stream, 'readable');
        stream.read();
        stream.destroy();
      },
      async (stream) => {
        for await (const chunk of stream) if ((chunk as Buffer).length > 0) break;
      },
    ];
    for (const destroy of destroyers) {
      const stream = await streamOf(cache);
      // Who breaks off a loop over a stream has it destroyed with an AbortError.
      stream.on('error', () => {});
      const closed = new Promise((resolve) => stream.once('close', resolve));
      await destroy(stream);
      await closed;
      expect(openEntries(directory)).toEqual([]);
    }
  });

  test('a read that is on its way when the stream is destroyed ends before the file is closed', async () => {
    const { cache } = openCache({ codec: 'bytes' });
    await cache.set('key', randomBytes(LARGE));
    const stream = await streamOf(cache);
    const order: string[] = [];
    const { readAsync, close } = syscalls;
    const restore = replaceSyscalls({
      readAsync: async (...args) => {
        order.push('read');
        const count = await readAsync(...args);
        order.push('has read');
        return count;
      },
      close: (fd) => {
        order.push('close');
        close(fd);
      },
    });
    try {
      stream.on('data', () => {});
      await vi.waitFor(() => expect(order).toContain('read'), { interval: 0 });
      const closed = once(stream, 'close');
      stream.destroy();
      await closed;
    } finally {
      restore();
    }
    const last = order.lastIndexOf('read');
    expect(order.indexOf('close')).toBeGreaterThan(order.indexOf('has read', last));
  });

  test.each(['EIO', 'short'] as const)('%s at any call: told or read on, and nothing stays open', async (fault) => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    const value = randomBytes(LARGE);
    await cache.set('key', value);
    const work = async () => {
      const stream = await streamOf(cache);
      return collect(stream);
    };
    const calls = await recordCalls(work);
    expect(calls.filter((call) => call === 'readAsync').length).toBeGreaterThan(4);
    for (const index of calls.keys()) {
      const restore = failAt(index, fault);
      const outcome = await work().catch((error: unknown) => ({ bytes: Buffer.alloc(0), error }));
      restore();
      // What cannot be closed has been read all the same.
      if (outcome.error === undefined) expect(outcome.bytes.equals(value)).toBe(true);
      else expect(outcome.error).toMatchObject({ code: fault });
      await eventually(() => openEntries(directory).length === 0);
    }
  });
});

function flip(path: string, offset: number): void {
  const fd = openSync(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, offset);
    byte[0] = (byte[0] ?? 0) ^ 0xff;
    writeSync(fd, byte, 0, 1, offset);
  } finally {
    closeSync(fd);
  }
}
