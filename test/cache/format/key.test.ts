import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTags, isWellFormed, placeOf } from '../../../src/cache/format/key.js';
import { eraPaths } from '../../../src/cache/format/layout.js';
import { HoldfastError } from '../../../src/errors.js';

const MIB = 1024 * 1024;
const HIGH = '\uD83D';
const LOW = '\uDE00';

/** Strings of any UTF-16 units, unpaired surrogates too; often, and often as pairs. */
const ANY_STRING = fc
  .array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7fe, max: 0xe001 }), fc.nat(0x7f)), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));

describe('the place of a key', () => {
  test('is made from the bits of its SHA-256', () => {
    // SHA-256 of "abc" as in FIPS 180-2: ba7816bf 8f01cfea ...
    expect(placeOf('abc')).toEqual({
      key: 'abc',
      hash: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      shard: 0xba,
      slot: 0xba78,
      leaseMark: 0xeacf018f >>> 1,
    });
  });

  test('is one of 256 shards and 65,536 slots, with a mark of 31 bits that is not 0, whatever the string', () => {
    fc.assert(
      fc.property(ANY_STRING, (key) => {
        const utf8 = utf8Of(key);
        if (utf8 === undefined || utf8.length === 0) return expectInvalidKey(key);
        const { hash, shard, slot, leaseMark } = placeOf(key);
        expect(hash).toBe(createHash('sha256').update(utf8).digest('hex'));
        expect(shard).toBe(Number.parseInt(hash.slice(0, 2), 16));
        expect(slot).toBe(Number.parseInt(hash.slice(0, 4), 16));
        expect(leaseMark).toBeGreaterThan(0);
        expect(leaseMark).toBeLessThan(2 ** 31);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a hostile key', () => {
  test.each([
    ['../../etc/passwd'],
    ['..'],
    ['/etc/passwd'],
    ['a/b'],
    ['.'],
    ['\0'],
    ['key\0.txt'],
    ['-rf'],
    ['\u001b[2J\r\n'],
    ['__proto__'],
    ['con'],
    [' '],
    ['\uFEFF'],
    ['k'.repeat(65_535)],
    ['€'.repeat(21_845)],
    [`${HIGH}${LOW}`],
  ])('becomes nothing but a hash in a path (%j)', (key) => {
    const paths = eraPaths('/cache/v1/era-1');
    const { hash, shard } = placeOf(key);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const path = paths.entry(shard, hash);
    expect(resolve(path)).toBe(path);
    expect(dirname(path)).toBe(paths.shardFolder(shard));
    expect(paths.shardFolder(shard)).toMatch(/^\/cache\/v1\/era-1\/data\/[0-9a-f]{2}$/);
  });

  test.each([
    ['empty', ''],
    ['of 65,536 bytes', 'k'.repeat(65_536)],
    ['of 65,538 bytes in 21,846 characters', '€'.repeat(21_846)],
    ['of 1 MiB', 'k'.repeat(MIB)],
    ['of 256 MiB', 'k'.repeat(256 * MIB)],
    ['with a high surrogate at its end', `key${HIGH}`],
    ['with a high surrogate and no low one', `${HIGH}key`],
    ['with a low surrogate', `k${LOW}ey`],
    ['with a pair the wrong way round', `${LOW}${HIGH}`],
    ['that is no string: undefined', undefined],
    ['that is no string: null', null],
    ['that is no string: 42', 42],
    ['that is no string: a symbol', Symbol('key')],
    ['that is no string: a Buffer', Buffer.from('key')],
    ['that is no string: a String', new String('key')],
    ['that is no string: an array', ['key']],
    ['that is no string: no prototype', Object.create(null)],
  ])('is refused with ERR_INVALID_KEY where it is %s', (_, key) => {
    expectInvalidKey(key);
  });

  test('stands in no message', () => {
    for (const key of [`secret\u001b[2J${HIGH}`, 'secret'.repeat(20_000)]) {
      expect(() => placeOf(key)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret') }));
    }
  });
});

describe('tags', () => {
  test('are given back, each once, in order', () => {
    expect(checkTags(undefined)).toEqual([]);
    expect(checkTags([])).toEqual([]);
    expect(checkTags(['b', 'a', 'b', '../../etc/passwd', '\0', '🏷'])).toEqual([
      'b',
      'a',
      '../../etc/passwd',
      '\0',
      '🏷',
    ]);
  });

  test('may be 64 of 255 bytes; a repeated one counts once', () => {
    const tags = Array.from({ length: 64 }, (_, index) => String(index).padStart(255, 't'));
    expect(checkTags([...tags, ...tags])).toEqual(tags);
    expect(checkTags(['€'.repeat(85)])).toEqual(['€'.repeat(85)]);
  });

  test('are copied: what the caller does to the array later does not count', () => {
    const tags = ['a'];
    const checked = checkTags(tags);
    tags.push('');
    expect(checked).toEqual(['a']);
  });

  test.each([
    ['no array: a string', 'tag'],
    ['no array: null', null],
    ['no array: a Set', new Set(['tag'])],
    ['no array: what only looks like one', { length: 1, 0: 'tag' }],
    ['65 tags', Array.from({ length: 65 }, (_, index) => `tag ${index}`)],
    ['an empty tag', ['tag', '']],
    ['a tag of 256 bytes', ['t'.repeat(256)]],
    ['a tag of 258 bytes in 86 characters', ['€'.repeat(86)]],
    ['a tag of 1 MiB', ['t'.repeat(MIB)]],
    ['a tag with an unpaired surrogate', [`tag${HIGH}`]],
    ['a tag that is no string', [42]],
    ['a tag that is undefined', [undefined]],
    ['a hole', new Array(1)],
  ])('are refused with ERR_INVALID_ARGUMENT where they are %s', (_, tags) => {
    expect(() => checkTags(tags)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  });

  test('are accepted exactly where they are 1 to 255 bytes of UTF-8, whatever the string', () => {
    fc.assert(
      fc.property(ANY_STRING, fc.nat(12), (text, times) => {
        const tag = text.repeat(times);
        const length = utf8Of(tag)?.length ?? 0;
        if (length >= 1 && length <= 255) expect(checkTags([tag])).toEqual([tag]);
        else expect(() => checkTags([tag])).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
      }),
      { numRuns: 1_000 },
    );
  });
});

test('a text is well formed exactly where it comes back from UTF-8', () => {
  fc.assert(
    fc.property(ANY_STRING, (text) => {
      expect(isWellFormed(text)).toBe(Buffer.from(text).toString() === text);
    }),
    { numRuns: 2_000 },
  );
});

/** Its UTF-8, or `undefined` where it has none: encodeURIComponent throws for an unpaired surrogate. */
function utf8Of(text: string): Uint8Array | undefined {
  try {
    encodeURIComponent(text);
  } catch {
    return undefined;
  }
  return new TextEncoder().encode(text);
}

function expectInvalidKey(key: unknown): void {
  let error: unknown;
  try {
    placeOf(key);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(HoldfastError);
  expect(error).toMatchObject({ code: 'ERR_INVALID_KEY' });
}
