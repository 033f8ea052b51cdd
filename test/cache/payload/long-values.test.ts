import { constants } from 'node:buffer';
import { ftruncateSync, openSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { BLOCK_LENGTH, decodeHeader, encodeHeader, tableLength } from '../../../src/cache/format/entry.js';
import { headerBytesOf } from '../../../src/cache/payload/entry-bytes.js';
import { copyInTurns } from '../../../src/cache/read/share-value.js';
import { encode } from '../../../src/cache/write/encode.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { cacheForTest } from '../../helpers/cache.js';
import { entryPath, openCache, randomBytes } from '../../helpers/file-cache.js';
import { LONG } from '../../helpers/long-files.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const MEBIBYTE = 1024 * 1024;
/** Written in slices, and whole neither in pieces nor in blocks. */
const LENGTH = 9 * MEBIBYTE + 12_345;

test('the header of a value of more than 2 GiB is whole, and the value is not copied to go behind it', () => {
  const core = cacheForTest({ codec: 'bytes' });
  const payload = Buffer.allocUnsafeSlow(LONG);
  const from = process.memoryUsage().arrayBuffers;
  const { bytes } = encode(core, core.place('key'), payload, {});
  expect(process.memoryUsage().arrayBuffers - from).toBeLessThan(MEBIBYTE);
  const header = decodeHeader(headerBytesOf(bytes), bytes.length);
  expect(header).toMatchObject({ ok: true, value: { key: 'key', codec: 'bytes', payloadLength: LONG } });
  expect(bytes.length).toBe(headerBytesOf(bytes).length + LONG + tableLength(LONG));
});

describe.each(['rename', 'flock'] as const)('long values, strategy %s', (strategy) => {
  test('come back byte for byte, however they were stored and are read', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes', memory: { maxBytes: 64 * MEBIBYTE } });
    const value = randomBytes(LENGTH);
    await cache.set('set', value);
    cache.setSync('setSync', value);
    cache.writeStream('stream').end(value);
    await cache.getOrSet('load', () => value);
    await cache.update('update', () => value);
    await expect.poll(() => cache.hasSync('stream')).toBe(true);
    for (const key of ['set', 'setSync', 'stream', 'load', 'update']) {
      expect(cache.getSync(key)?.equals(value)).toBe(true);
      // Out of the memory tier, whose copy nobody can change.
      const given = await cache.get(key);
      given?.fill(0);
      expect((await cache.getEntry(key))?.value.equals(value)).toBe(true);
      expect((await cache.getMany([key])).get(key)?.equals(value)).toBe(true);
    }
    expect((await cache.verify()).found).toBe(0);
  });

  test('with tags are stored in the era that follows, where the cache is cleared while they are written', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes' });
    const value = randomBytes(LENGTH);
    const setting = cache.set('key', value, { tags: ['a', 'b'] });
    await nextTurn();
    await cache.clear();
    await setting;
    expect((await cache.get('key'))?.equals(value)).toBe(true);
    await cache.invalidateTags(['b']);
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('while long bytes are being stored', () => {
  test('the event loop turns once for every mebibyte at least, also for a single chunk of a stream', async () => {
    const { cache } = openCache<Buffer>({ codec: 'bytes' });
    const value = Buffer.alloc(32 * MEBIBYTE, 'holdfast');
    expect(await turnsOf(() => cache.set('key', value))).toBeGreaterThanOrEqual(32);
    const streaming = () => new Promise<void>((resolve) => cache.writeStream('key').once('close', resolve).end(value));
    expect(await turnsOf(streaming)).toBeGreaterThanOrEqual(32);
  });

  test('what is stored is what was checked, whatever becomes of the bytes meanwhile', async () => {
    const { cache } = openCache<Buffer>({ codec: 'bytes', memory: false });
    const value = Buffer.alloc(LENGTH, 0);
    let storing = true;
    const setting = cache.set('key', value).finally(() => {
      storing = false;
    });
    for (let turn = 1; storing; turn += 1) {
      value.fill(turn);
      await nextTurn();
    }
    await setting;
    // Some of each, which is as good as was asked for; and not damaged.
    expect((await cache.get('key'))?.length).toBe(LENGTH);
    expect((await cache.verify()).found).toBe(0);
  });

  test('a codec of the program may use its memory again', async () => {
    const scratch = Buffer.alloc(LENGTH);
    const codec = { encode: (value: number) => scratch.fill(value), decode: (bytes: Buffer) => bytes.at(-1) ?? 0 };
    const { cache } = openCache<number>({ codec, memory: false });
    await Promise.all([1, 2, 3].map((value) => cache.set(String(value), value)));
    expect(await Promise.all([1, 2, 3].map((value) => cache.get(String(value))))).toEqual([1, 2, 3]);
  });

  test('a stream that is destroyed does not write the rest of its chunk', async () => {
    const { cache } = openCache<Buffer>({ codec: 'bytes' });
    let written = 0;
    const { writeAsync } = syscalls;
    const stream = cache.writeStream('key');
    onTestFinished(
      replaceSyscalls({
        writeAsync: (...args) => {
          written += 1;
          if (written === 3) stream.destroy();
          return writeAsync(...args);
        },
      }),
    );
    await new Promise<void>((resolve) => stream.once('close', resolve).end(Buffer.alloc(32 * MEBIBYTE)));
    expect(written).toBeLessThan(10);
    expect(await cache.has('key')).toBe(false);
  });
});

test('long bytes that were read for one caller are given to it without a copy', async () => {
  const { cache } = openCache<Buffer>({ codec: 'bytes', memory: { maxBytes: MEBIBYTE } });
  const value = randomBytes(LENGTH);
  await cache.set('key', value);
  const copies = vi.spyOn(Buffer, 'from');
  onTestFinished(() => copies.mockRestore());
  const [one, other] = [await cache.get('key'), cache.getSync('key')];
  const long = copies.mock.results.filter(({ value: made }) => Buffer.isBuffer(made) && made.length >= MEBIBYTE);
  expect(long).toEqual([]);
  expect([one?.equals(value), other?.equals(value)]).toEqual([true, true]);
  expect(one?.buffer).not.toBe(other?.buffer);
});

test('a copy in slices is whole, and its memory is its own', async () => {
  const value = randomBytes(LENGTH);
  const copy = await copyInTurns(value);
  expect(copy.equals(value)).toBe(true);
  expect(copy.buffer).not.toBe(value.buffer);
});

describe.skipIf(constants.MAX_LENGTH > 2 ** 33)('a value that is longer than any Buffer', () => {
  test.each([undefined, 0])(
    'is ERR_VALUE_TOO_LARGE to those who want it whole, inlineLimit %s',
    async (inlineLimit) => {
      const { cache, directory } = openCache<Buffer>({ codec: 'bytes', ...(inlineLimit === 0 ? { inlineLimit } : {}) });
      makeLongEntry(entryPath(directory, 'key'), 'key', constants.MAX_LENGTH + 1);
      const tooLarge = expect.objectContaining({
        code: 'ERR_VALUE_TOO_LARGE',
        message: expect.stringContaining(String(constants.MAX_LENGTH + 1)),
      });
      await expect(cache.get('key')).rejects.toEqual(tooLarge);
      await expect(cache.getOrSet('key', () => Buffer.from('other'))).rejects.toEqual(tooLarge);
      await expect(cache.map('key')).rejects.toEqual(expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' }));
      expect(() => cache.getSync('key')).toThrow(tooLarge);
      expect([await cache.has('key'), cache.hasSync('key')]).toEqual([true, true]);
      const stream = await cache.readStream('key');
      expect(stream?.read().length).toBeGreaterThan(0);
      stream?.destroy();
      const text = new FileCache({ directory, codec: 'text' });
      expect([await text.get('key'), text.getSync('key')]).toEqual([undefined, undefined]);
      await text.close();
      await cache.set('key', Buffer.from('short'));
      expect(String(await cache.get('key'))).toBe('short');
    },
  );
});

/** How often the event loop turns while something is under way. */
async function turnsOf(work: () => Promise<void>): Promise<number> {
  let turns = 0;
  let working = true;
  const done = work().finally(() => {
    working = false;
  });
  while (working) {
    await nextTurn();
    turns += 1;
  }
  await done;
  return turns;
}

/** A whole entry of zeros, in a sparse file. */
function makeLongEntry(path: string, key: string, payloadLength: number): void {
  const table = Buffer.alloc(tableLength(payloadLength));
  const zeros = Buffer.alloc(BLOCK_LENGTH);
  for (let at = 0; at < table.length; at += 4) table.writeUInt32LE(crc32(zeros), at);
  const rest = payloadLength % BLOCK_LENGTH || BLOCK_LENGTH;
  table.writeUInt32LE(crc32(zeros.subarray(0, rest)), table.length - 4);
  const never = Number.POSITIVE_INFINITY;
  const times = { createdAt: 0, expiresAt: never, staleUntil: never };
  const fields = { key, codec: 'bytes', rewritable: false, ...times, version: 1n, tags: [], payloadLength } as const;
  const header = encodeHeader(fields, crc32(table));
  const fd = openSync(path, 'w', 0o600);
  ftruncateSync(fd, header.length + payloadLength);
  writeSync(fd, header, 0, header.length, 0);
  writeSync(fd, table, 0, table.length, header.length + payloadLength);
}
