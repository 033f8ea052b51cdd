import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { openCache } from '../../helpers/file-cache.js';
import { LONG, passingOver } from '../../helpers/long-files.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const END = 'the end';

function isWhole(value: Buffer | undefined): boolean {
  return value?.length === LONG && value.subarray(-END.length).toString() === END;
}

describe.each(['rename', 'flock'] as const)('values of more than 2 GiB, strategy %s', (strategy) => {
  test('go in and come out whole by every way there is, and verify finds them whole', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes', memory: false });
    passingOver(LONG);
    const value = Buffer.alloc(LONG);
    value.write(END, LONG - END.length, END.length, 'latin1');
    await cache.set('set', value);
    cache.setSync('setSync', value);
    await pipeline([value], cache.writeStream('stream'));
    for (const key of ['set', 'setSync', 'stream']) {
      expect(isWhole(await cache.get(key))).toBe(true);
      expect(isWhole(cache.getSync(key))).toBe(true);
      await using mapped = await cache.map(key);
      expect(isWhole(mapped?.bytes)).toBe(true);
    }
    let length = 0;
    let last = Buffer.alloc(0);
    for await (const piece of (await cache.readStream('set')) ?? []) {
      length += piece.length;
      last = piece;
    }
    expect([length, last.subarray(-END.length).toString()]).toEqual([LONG, END]);
    await cache.update('set', (old) => old);
    expect(isWhole(await cache.get('set'))).toBe(true);
    expect((await cache.verify()).found).toBe(0);
    expect((await cache.stats()).bytes).toBeGreaterThan(3 * LONG);
  });
});
