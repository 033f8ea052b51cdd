import { deserialize } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BuiltInCodec, type Codec, codecOf, encodeValue } from '../../../src/cache/format/codec.js';
import { HoldfastError } from '../../../src/errors.js';

const BUILT_IN: BuiltInCodec[] = ['json', 'v8', 'text', 'bytes'];
const UNPAIRED = ['\uD83D', 'text\uD83D', '\uDE00text', '\uDE00\uD83D'];

describe('an option names or is a codec', () => {
  test.each(BUILT_IN)('%s', (name) => {
    expect(codecOf(name).name).toBe(name);
  });

  test('nothing is json', () => {
    expect(codecOf(undefined)).toBe(codecOf('json'));
  });

  test('an object with encode and decode is custom, and is called with itself as this', () => {
    class Prefixed implements Codec<string> {
      readonly #prefix = '> ';
      encode(value: string): Uint8Array {
        return Buffer.from(this.#prefix + value);
      }
      decode(bytes: Buffer): string {
        return bytes.toString().slice(this.#prefix.length);
      }
    }
    const codec = codecOf(new Prefixed());
    expect(codec.name).toBe('custom');
    expect(String(encodeValue(codec, 'value'))).toBe('> value');
    expect(codec.decode(Buffer.from('> value'))).toBe('value');
  });

  test.each([
    ['custom'],
    ['JSON'],
    ['toString'],
    ['__proto__'],
    [''],
    [null],
    [42],
    [{}],
    [{ encode: () => Buffer.alloc(0) }],
    [{ decode: () => 0 }],
    [{ encode: 'json', decode: 'json' }],
    [() => 'json'],
  ])('%j does not: ERR_INVALID_ARGUMENT', (option) => {
    expect(() => codecOf(option)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
  });
});

describe('json', () => {
  test('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(roundTrip('json', value)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 500 },
    );
  });

  test.each(UNPAIRED)('keeps unpaired surrogates, since JSON can escape them (%j)', (text) => {
    expect(roundTrip('json', { [text]: text })).toEqual({ [text]: text });
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  test.each([
    ['a cycle', cycle],
    ['a BigInt', 1n],
    ['a BigInt inside', { count: [1n] }],
    ['a function', () => 0],
    ['a symbol', Symbol('value')],
    ['what toJSON makes undefined', { toJSON: () => undefined }],
  ])('cannot write %s', (_, value) => {
    expect(refusal('json', value).cause).toBeInstanceOf(Error);
  });

  test('arrays that are nested as deep as the stack: refused by a Node that writes them with it, else written whole', () => {
    const depth = 100_000;
    if (!writesDeep(depth)) expect(refusal('json', nested(depth)).cause).toBeInstanceOf(RangeError);
    else expect(encodeValue(codecOf('json'), nested(depth)).length).toBe(2 * (depth + 1));
  });

  test('cannot write what throws when it is looked at, and keeps that as the cause', () => {
    const cause = new Error('not today');
    const value = {
      get property() {
        throw cause;
      },
    };
    expect(refusal('json', value).cause).toBe(cause);
  });

  test.each(['', '{', '{"a":1}}', 'undefined', '\uFEFF1'])('throws for bytes that are not JSON (%j)', (text) => {
    expect(() => codecOf('json').decode(Buffer.from(text))).toThrow(SyntaxError);
  });
});

describe('v8', () => {
  const cycle: { self?: unknown; list: unknown[] } = { list: [] };
  cycle.self = cycle;
  cycle.list.push(cycle.list);

  test.each([
    ['a Map', new Map<unknown, unknown>([[{ key: 1 }, new Map()]])],
    ['a Set', new Set([1, '2', null])],
    ['a Date', new Date(1_767_225_600_123)],
    ['a BigInt', [-(2n ** 70n), 0n]],
    ['a RegExp', /a(?<b>c)/giu],
    ['an Error', new RangeError('message')],
    ['typed arrays', { eight: new Uint8Array([1, 2]), sixtyFour: new Float64Array([0.1, NaN, -0]) }],
    ['a Buffer', Buffer.from('bytes')],
    ['cycles', cycle],
    ['what JSON loses', [undefined, NaN, Infinity, -0]],
    ['unpaired surrogates', UNPAIRED],
    ['null', null],
  ])('gives back %s', (_, value) => {
    expect(roundTrip('v8', value)).toEqual(value);
  });

  test('gives back whatever fast-check makes', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(
        anything.filter((value) => value !== undefined),
        (value) => {
          expect(roundTrip('v8', value)).toEqual(value);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a function', () => 0],
    ['a function inside', { method: () => 0 }],
    ['a symbol', Symbol('value')],
    ['a symbol inside', [Symbol('value')]],
    ['a WeakMap', new WeakMap()],
    ['a promise', Promise.resolve(1)],
    ['a proxy', new Proxy({}, {})],
  ])('cannot write %s', (_, value) => {
    expect(refusal('v8', value).cause).toBeInstanceOf(Error);
  });

  test('gives typed arrays and Buffers that share no memory with the bytes they were read from', () => {
    const value = { numbers: new Float64Array([1, 2, 3]), bytes: Buffer.from('bytes'), eight: new Uint8Array([1, 2]) };
    for (const offset of [0, 1, 4]) {
      const encoded = encodeValue(codecOf('v8'), value);
      const bytes = Buffer.alloc(offset + encoded.length).subarray(offset);
      encoded.copy(bytes);
      // What node:v8 itself gives does share it: this is why the codec copies.
      const shared = deserialize(bytes) as typeof value;
      const decoded = codecOf('v8').decode(bytes) as typeof value;
      bytes.fill(0xaa);
      expect(shared).not.toEqual(value);
      expect(decoded).toEqual(value);
      expect(decoded.numbers.buffer).not.toBe(bytes.buffer);
    }
  });

  test.each([[''], ['ff'], ['ff0f'], ['00'], ['ff0f22ffffffff0f']])(
    'throws for bytes that are not its own (%s)',
    (hex) => {
      expect(() => codecOf('v8').decode(Buffer.from(hex, 'hex'))).toThrow();
    },
  );
});

describe('text', () => {
  test('gives back every text that has UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(roundTrip('text', text)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['', '\0', '\uFEFFtext', 'naïve 🏳️‍🌈', '€'.repeat(100_000)])('gives back %j', (text) => {
    expect(roundTrip('text', text)).toBe(text);
  });

  test.each(UNPAIRED)('refuses a text with an unpaired surrogate instead of changing it (%j)', (text) => {
    expect(refusal('text', text).cause).toBeInstanceOf(TypeError);
  });

  test.each([[42], [null], [{}], [['text']], [new String('text')], [Buffer.from('text')]])(
    'cannot write %j',
    (value) => {
      expect(refusal('text', value).cause).toBeInstanceOf(TypeError);
    },
  );

  test.each(['ff', 'c0af', 'eda080', 'e282'])(
    'throws for bytes that are not UTF-8 instead of changing them (%s)',
    (hex) => {
      expect(() => codecOf('text').decode(Buffer.from(hex, 'hex'))).toThrow(TypeError);
      expect(() => codecOf('json').decode(Buffer.from(`22${hex}22`, 'hex'))).toThrow(TypeError);
    },
  );
});

describe('bytes', () => {
  test.each([
    ['a Buffer', Buffer.from('value')],
    ['a Uint8Array', new TextEncoder().encode('value')],
    ['a part of a larger one', Buffer.from('a value and more').subarray(2, 7)],
    ['one from another realm', runInNewContext('Uint8Array.of(118, 97, 108, 117, 101)')],
  ])('gives back %s as a Buffer', (_, value) => {
    const decoded = roundTrip('bytes', value);
    expect(Buffer.isBuffer(decoded)).toBe(true);
    expect(decoded).toEqual(Buffer.from('value'));
  });

  test('gives back nothing as nothing', () => {
    expect(roundTrip('bytes', Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  test('gives a copy of what it reads', () => {
    const bytes = Buffer.from('value');
    const decoded = codecOf('bytes').decode(bytes) as Buffer;
    bytes.fill('x');
    expect(String(decoded)).toBe('value');
    decoded.fill('y');
    expect(String(bytes)).toBe('xxxxx');
  });

  test.each([
    ['a string', 'value'],
    ['an array', [1, 2]],
    ['null', null],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a Uint16Array', new Uint16Array(2)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['what only has the prototype of one', Object.create(Uint8Array.prototype)],
  ])('cannot write %s', (_, value) => {
    expect(refusal('bytes', value).cause).toBeInstanceOf(TypeError);
  });
});

describe('a custom codec', () => {
  const returning = (result: unknown) => ({ encode: () => result as Uint8Array, decode: () => 0 });

  test.each([
    ['a string', 'bytes'],
    ['nothing', undefined],
    ['null', null],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a Uint16Array', new Uint16Array(2)],
    ['a promise of bytes', Promise.resolve(Buffer.alloc(2))],
  ])('that returns %s instead of bytes cannot write', (_, result) => {
    expect(refusal(returning(result), 'value').cause).toBeInstanceOf(TypeError);
  });

  test.each([
    ['an Error', new RangeError('not this one')],
    ['a string', 'not this one'],
    ['a symbol', Symbol('not this one')],
    ['an object without prototype', Object.create(null)],
    ['null', null],
  ])('that throws %s cannot write, and that is the cause', (_, thrown) => {
    const codec = {
      encode: () => {
        throw thrown;
      },
      decode: () => 0,
    };
    expect(refusal(codec, 'value').cause).toBe(thrown);
  });

  test('may keep what it is given to decode', () => {
    const codec = codecOf({ encode: () => Buffer.alloc(0), decode: (bytes: Buffer) => bytes });
    const bytes = Buffer.from('value');
    const decoded = codec.decode(bytes);
    bytes.fill('x');
    expect(String(decoded)).toBe('value');
  });

  test('is never asked to write undefined', () => {
    let asked = false;
    const codec = {
      encode: () => {
        asked = true;
        return Buffer.alloc(0);
      },
      decode: () => undefined,
    };
    refusal(codec, undefined);
    expect(asked).toBe(false);
  });
});

test.each(BUILT_IN)('%s refuses undefined: it is what a miss gives', (name) => {
  refusal(name, undefined);
});

function roundTrip(option: unknown, value: unknown): unknown {
  const codec = codecOf(option);
  return codec.decode(encodeValue(codec, value));
}

/** The error with which a codec refuses a value. */
function refusal(option: unknown, value: unknown): HoldfastError {
  const codec = codecOf(option);
  try {
    encodeValue(codec, value);
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error).toMatchObject({ code: 'ERR_VALUE_NOT_SERIALIZABLE' });
    return error as HoldfastError;
  }
  throw new Error(`${codec.name} wrote it`);
}

/** An array in an array in an array... */
function writesDeep(depth: number): boolean {
  try {
    return JSON.stringify(nested(depth)) !== undefined;
  } catch {
    return false;
  }
}

function nested(depth: number): unknown[] {
  let value: unknown[] = [];
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

test('what the serializer of v8 would cut, 4 GiB or more, is ERR_VALUE_TOO_LARGE', () => {
  const codec = { ...codecOf('v8'), encode: () => Buffer.allocUnsafeSlow(2 ** 32) };
  expect(() => encodeValue(codec, 'value')).toThrow(expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE' }));
});
