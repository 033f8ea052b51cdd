import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BLOCK_LENGTH } from '../../../src/cache/format/entry.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { entryPath, openCache, randomBytes } from '../../helpers/file-cache.js';
import { warningsAreMeant } from '../../helpers/warnings.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();
warningsAreMeant('HOLDFAST_DAMAGED_ENTRY');

const LENGTHS = [0, 1, 3000, 5000, BLOCK_LENGTH, 10 * BLOCK_LENGTH + 3];

function openEntries(directory: string): string[] {
  return openFilesIn(directory).filter((path) => !path.endsWith('.lock'));
}

/** Mappings of entries, as the kernel tells. */
function mappedEntries(): string[] {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => /\/data\/[0-9a-f]{2}\/[0-9a-f]{64}/.test(line));
}

describe.each(['rename', 'flock'] as const)('map, strategy %s', (strategy) => {
  test('shows the encoded value, whatever its length; writing to it changes nothing for others', async () => {
    const { cache, directory } = openCache<Buffer>({ strategy, codec: 'bytes' });
    for (const length of LENGTHS) {
      const value = randomBytes(length);
      await cache.set('key', value);
      const mapped = await cache.map('key');
      expect(mapped?.bytes.equals(value)).toBe(true);
      expect(mapped?.path).toBe(entryPath(directory, 'key'));
      mapped?.bytes.fill(7);
      expect((await cache.get('key'))?.equals(value)).toBe(true);
      expect(openEntries(directory)).toEqual([]);
      await mapped?.close();
      await mapped?.close();
      expect(mapped?.bytes.every((byte) => byte === 0)).toBe(true);
      expect(mappedEntries()).toEqual([]);
    }
  });

  test('shows the same version after a set, a delete, a clear and the end of the cache', async () => {
    const { cache } = openCache<Buffer>({ strategy, codec: 'bytes' });
    for (const what of ['set', 'delete', 'clear', 'close'] as const) {
      for (const length of [300, 4 * BLOCK_LENGTH]) {
        if (what === 'close' && length === 300) continue;
        const value = randomBytes(length);
        await cache.set('key', value);
        const mapped = await cache.map('key');
        if (what === 'set') for (let time = 0; time < 3; time += 1) await cache.set('key', randomBytes(length));
        else if (what === 'delete') await cache.delete('key');
        else await cache[what]();
        expect(mapped?.bytes.equals(value)).toBe(true);
        await mapped?.close();
      }
    }
  });

  test('what is missing, expired or invalidated is a miss, and nothing stays open', async () => {
    const { cache, directory } = openCache({ strategy, codec: 'bytes' });
    for (const length of [10, 4 * BLOCK_LENGTH]) {
      expect(await cache.map('key')).toBeUndefined();
      await cache.set('key', randomBytes(length), { ttl: 0 });
      expect(await cache.map('key')).toBeUndefined();
      await cache.set('key', randomBytes(length), { tags: ['tag'] });
      await cache.invalidateTags(['tag']);
      expect(await cache.map('key')).toBeUndefined();
      await cache.delete('key');
    }
    expect(openEntries(directory)).toEqual([]);
  });
});

describe('map', () => {
  test('a damaged header, or a file that is too short for it, is a miss', async () => {
    const { cache, directory } = openCache({ codec: 'bytes' });
    await cache.set('key', randomBytes(4 * BLOCK_LENGTH));
    const path = entryPath(directory, 'key');
    truncateSync(path, 3 * BLOCK_LENGTH);
    expect(await cache.map('key')).toBeUndefined();
    writeFileSync(path, 'rubbish');
    expect(await cache.map('key')).toBeUndefined();
    expect(openEntries(directory)).toEqual([]);
  });

  test('of 256 MiB reads nothing of them, and needs no memory of its own', async () => {
    const { cache } = openCache({ codec: 'bytes' });
    const stream = cache.writeStream('key');
    for (let piece = 0; piece < 256; piece += 1) {
      const bytes = Buffer.alloc(1024 * 1024, piece);
      if (!stream.write(bytes)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    await new Promise<void>((resolve) => stream.end(resolve));
    const before = residentPrivately();
    const mapped = await cache.map('key');
    let sum = 0;
    for (let at = 0; at < (mapped?.bytes.length ?? 0); at += 4096) sum += mapped?.bytes[at] ?? 0;
    expect(sum).toBe(256 * 256 * (255 / 2));
    expect(residentPrivately() - before).toBeLessThan(32 * 1024 * 1024);
    await mapped?.close();
  });
});

/** Bytes of memory that belong to this process alone. */
function residentPrivately(): number {
  const [, kibibytes] = /RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
