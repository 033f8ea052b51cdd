import { describe, expect, onTestFinished, test } from 'vitest';
import type { CacheStrategy } from '../../../src/cache/directory/manifest.js';
import { FileCache } from '../../../src/cache/file-cache.js';
import type { Codec } from '../../../src/cache/format/codec.js';
import { clearDirectoryNow } from '../../helpers/cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { surelyFree } from '../../helpers/times.js';
import { warningsAreMeant } from '../../helpers/warnings.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();
warningsAreMeant('HOLDFAST_DAMAGED_ENTRY');

/** A cache whose codec does something to it while it writes, or while it reads. */
function cacheWhoseCodec(
  strategy: CacheStrategy,
  does: { onEncode?: (cache: FileCache<string>) => void; onDecode?: (cache: FileCache<string>) => void },
  directory = `${quickFolder()}/cache`,
) {
  let depth = 0;
  const once = (work: ((cache: FileCache<string>) => void) | undefined) => {
    if (depth > 0) return;
    depth += 1;
    try {
      work?.(cache);
    } finally {
      depth -= 1;
    }
  };
  const codec: Codec<string> = {
    encode(value) {
      once(does.onEncode);
      return Buffer.from(value);
    },
    decode(bytes) {
      once(does.onDecode);
      return bytes.toString();
    },
  };
  const cache = new FileCache<string>({ directory, strategy, codec, lockTimeout: 200 });
  onTestFinished(() => cache.close());
  return cache;
}

describe.each(['rename', 'flock'] as const)('%s, a codec that calls back into its cache', (strategy) => {
  test.each(['key', 'other'])('while it writes: sets, reads and deletes %s', async (key) => {
    const cache = cacheWhoseCodec(strategy, {
      onEncode(inner) {
        inner.setSync(key, 'from inside');
        inner.getSync(key);
        inner.updateSync(key, (old) => `${old}, again`);
        inner.deleteSync('another');
      },
    });
    await surelyFree(cache.set('key', 'value'));
    expect(cache.getSync('key')).toBe('value');
    cache.setSync('key', 'second');
    expect(await surelyFree(cache.getOrSet('absent', () => 'loaded'))).toBe('loaded');
    // Its own writing would change the entry under it at every try.
    const update = () => cache.updateSync('key', (old) => `${old}!`);
    if (key === 'key') {
      expect(update).toThrow(expect.objectContaining({ code: 'ERR_LOCK_CONFLICT' }));
      const later = cache.update('key', (old) => `${old}!`);
      await expect(surelyFree(later)).rejects.toMatchObject({ code: 'ERR_LOCK_CONFLICT' });
      expect(cache.getSync('key')).toBe('from inside, again');
    } else expect(update()).toBe('second!');
    expect(await cache.verify()).toMatchObject({ found: 0 });
  });

  test.each(['key', 'other'])('while it reads: sets, reads and deletes %s', async (key) => {
    const cache = cacheWhoseCodec(strategy, {
      onDecode(inner) {
        inner.setSync(key, 'from inside');
        inner.getSync('other');
        inner.deleteSync('another');
      },
    });
    cache.setSync('key', 'value');
    expect(await surelyFree(cache.get('key'))).toBe('value');
    expect(cache.getSync('key')).toBe(key === 'key' ? 'from inside' : 'value');
    expect(await surelyFree(cache.getOrSet('key', () => 'not loaded'))).toBe(key === 'key' ? 'from inside' : 'value');
    const update = cache.update('key', (old) => `${old}!`);
    if (key === 'key') {
      // Not a miss: what could be read but for the codec's own doing must not be replaced by what is made of nothing.
      await expect(surelyFree(update)).rejects.toMatchObject({ code: 'ERR_LOCK_CONFLICT' });
      expect(() => cache.updateSync('key', () => 'of nothing')).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_CONFLICT' }),
      );
      expect(cache.getSync('key')).toBe('from inside');
    } else expect(await surelyFree(update)).toBe('value!');
    expect(await cache.verify()).toMatchObject({ found: 0 });
  });

  test('clears it while it writes and while it reads', async () => {
    const directory = `${quickFolder()}/cache`;
    const clear = () => clearDirectoryNow(directory, strategy);
    const writing = cacheWhoseCodec(strategy, { onEncode: clear }, directory);
    await surelyFree(writing.set('key', 'value', { tags: ['tag'] }));
    expect(await surelyFree(writing.getOrSet('absent', () => 'loaded'))).toBe('loaded');
    await writing.close();
    const reading = cacheWhoseCodec(strategy, { onDecode: clear }, directory);
    reading.setSync('key', 'value');
    expect([reading.getSync('key'), reading.getSync('key')]).toEqual(['value', undefined]);
  });

  test('reads its own key without end: a miss, not a hang', async () => {
    const cache: FileCache<string> = new FileCache<string>({
      directory: `${quickFolder()}/cache`,
      strategy,
      codec: { encode: (value) => Buffer.from(value), decode: (): string => cache.getSync('key') ?? 'none' },
    });
    onTestFinished(() => cache.close());
    cache.setSync('key', 'value');
    expect(cache.getSync('key')).toBe('none');
    expect(await surelyFree(cache.get('key'))).toBe('none');
  });

  test('a toJSON that sets and reads the cache it is written to', async () => {
    const cache = new FileCache<object>({ directory: `${quickFolder()}/cache`, strategy });
    onTestFinished(() => cache.close());
    const value = {
      toJSON() {
        cache.setSync('key', { inner: true });
        return { inner: cache.getSync('key') };
      },
    };
    await surelyFree(cache.set('key', value));
    expect(cache.getSync('key')).toEqual({ inner: { inner: true } });
    await expect(cache.set('key', { toJSON: () => cache.getSync('') })).rejects.toMatchObject({
      code: 'ERR_VALUE_NOT_SERIALIZABLE',
    });
    expect(cache.getSync('key')).toEqual({ inner: { inner: true } });
  });
});
