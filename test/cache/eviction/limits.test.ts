import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allowedBy, assertFits, assertLimits, isOver, wantsSparesGone } from '../../../src/cache/core/limits.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { onDisk } from '../../helpers/ground-truth.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const WORDS = { blockBytes: 4_096 };
const TOO_LARGE = expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' });

test('limits are whole numbers', () => {
  for (const limit of [0, -1, 1.5, Number.NaN, '7' as unknown as number]) {
    expect(() => assertLimits({ maxBytes: limit })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  }
  assertLimits({});
  assertLimits({ maxBytes: 1, maxEntries: undefined });
});

test('an entry counts as the blocks that it takes', () => {
  const allowed = allowedBy({ maxBytes: 10_000 }, WORDS);
  expect(allowed).toEqual({ entries: Number.POSITIVE_INFINITY, blocks: 2, spareBlocks: 1 });
  assertFits(8_192, allowed, WORDS);
  expect(() => assertFits(8_193, allowed, WORDS)).toThrow(TOO_LARGE);
  expect(() => assertFits(1, allowedBy({ maxBytes: 4_095 }, WORDS), WORDS)).toThrow(TOO_LARGE);
  assertFits(1e15, allowedBy({ maxEntries: 1 }, WORDS), WORDS);
});

test('spare files count one by one in a small cache; in a large one there is room for all of them', () => {
  const small = allowedBy({ maxBytes: 100 * 4_096 }, WORDS);
  const held = { entries: 9, blocks: 95, spares: 5, marked: 0 };
  expect(isOver(held, small)).toBe(false);
  expect(isOver({ ...held, spares: 6 }, small)).toBe(true);
  expect(wantsSparesGone({ ...held, spares: 6 }, small)).toBe(false);
  expect(wantsSparesGone({ ...held, spares: 7 }, small)).toBe(true);
  const large = allowedBy({ maxBytes: 16 * 256 * 4_096 }, WORDS);
  expect(large).toMatchObject({ blocks: 15 * 256, spareBlocks: 0 });
  expect(isOver({ ...held, blocks: 15 * 256, spares: 256 }, large)).toBe(false);
});

describe.each(['rename', 'flock'] as const)('strategy %s', (strategy) => {
  function open(limits: { maxEntries?: number; maxBytes?: number }) {
    const directory = `${quickFolder()}/cache`;
    const cache = new FileCache<Uint8Array>({ directory, strategy, codec: 'bytes', memory: false, ...limits });
    onTestFinished(() => cache.close());
    return { cache, directory };
  }

  test('a value that cannot fit is told, slack and blocks included', async () => {
    const { cache, directory } = open({ maxBytes: 300 });
    const value = Buffer.from('value');
    await expect(cache.set('key', value)).rejects.toThrow(TOO_LARGE);
    expect(() => cache.setSync('key', value)).toThrow(TOO_LARGE);
    await expect(cache.update('key', () => value)).rejects.toThrow(TOO_LARGE);
    await expect(pipeline(Readable.from([value]), cache.writeStream('key'))).rejects.toThrow(TOO_LARGE);
    expect(onDisk(directory)).toEqual({ entries: 0, diskBytes: 0 });
  });

  test.each(['maxEntries', 'maxBytes'] as const)('every way to write keeps %s', async (limit) => {
    const { cache, directory } = open(limit === 'maxEntries' ? { maxEntries: 5 } : { maxBytes: 5 * 4_096 });
    const value = Buffer.from('value');
    const ways: Record<string, (key: string) => unknown> = {
      set: (key) => cache.set(key, value),
      setSync: (key) => cache.setSync(key, value),
      setMany: (key) => cache.setMany(Array.from({ length: 8 }, (_, n) => [`${key} ${n}`, value])),
      update: (key) => cache.update(key, () => value),
      updateSync: (key) => cache.updateSync(key, () => value),
      getOrSet: (key) => cache.getOrSet(key, () => value),
      writeStream: (key) => pipeline(Readable.from([value]), cache.writeStream(key)),
      'many at once': (key) =>
        Promise.all(Array.from({ length: 20 }, (_, n) => cache.getOrSet(`${key} ${n}`, async () => value))),
    };
    for (const [way, write] of Object.entries(ways)) {
      for (let n = 0; n < 6; n += 1) await write(`${way} ${n}`);
      expect({ way, entries: onDisk(directory).entries }).toEqual({ way, entries: 5 });
      expect(onDisk(directory).diskBytes).toBe(5 * 4_096);
    }
    expect((await cache.stats()).diskBytes).toBe(5 * 4_096);
  });
});
