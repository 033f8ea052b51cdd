import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { FileCache } from '../../src/cache/file-cache.js';
import type { BuiltInCodec, Codec } from '../../src/cache/format/codec.js';
import { quickFolder } from '../helpers/folder.js';
import { scaled } from '../helpers/scale.js';
import { skipWithoutKoffi } from '../helpers/with-koffi.js';

skipWithoutKoffi();

const RUNS = scaled(12, 40);
const KEYS = ['a', 'b', 'c', 'd/../e', 'ключ'];
const TAGS = ['red', 'green'];
const DEFAULT_TTL_MS = 1_000;

const reversed: Codec<string> = {
  encode: (value) => Buffer.from(value, 'utf16le').reverse(),
  decode: (bytes) => Buffer.from(bytes).reverse().toString('utf16le'),
};

/** Values of less than a page, of more, and of more than one block of a checksum. */
const length = fc.oneof(fc.nat(100), fc.nat(5_000), fc.nat(140_000));
const bytes = fc.tuple(length, fc.uint8Array({ minLength: 1, maxLength: 50 }));
const text = fc.tuple(length, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }));
const longText = text.map(([size, unit]) => unit.repeat(Math.ceil(size / unit.length)));
const structured = fc.anything({
  withDate: true,
  withMap: true,
  withSet: true,
  withBigInt: true,
  withTypedArray: true,
});

interface Tried {
  readonly name: string;
  readonly codec: BuiltInCodec | Codec<string>;
  readonly values: fc.Arbitrary<unknown>;
  /** The value as its codec keeps it. */
  keep(value: unknown): unknown;
}

const CODECS: Tried[] = [
  {
    name: 'json',
    codec: 'json',
    values: fc.oneof(fc.jsonValue(), longText),
    keep: (value) => JSON.parse(JSON.stringify(value)),
  },
  {
    name: 'v8',
    codec: 'v8',
    values: structured.filter((value) => value !== undefined),
    keep: (value) => deserialize(serialize(value)),
  },
  { name: 'text', codec: 'text', values: longText, keep: (value) => value },
  {
    name: 'bytes',
    codec: 'bytes',
    values: bytes.map(([size, fill]) => Buffer.alloc(size, fill)),
    keep: (value) => value,
  },
  { name: 'custom', codec: reversed, values: longText, keep: (value) => value },
];

function operations(values: fc.Arbitrary<unknown>) {
  const key = fc.constantFrom(...KEYS);
  const how = fc.constantFrom('sync' as const, 'async' as const);
  const ttl = fc.option(fc.constantFrom(0, 10, 5_000, Number.POSITIVE_INFINITY), { nil: undefined });
  const tags = fc.subarray(TAGS);
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ what: fc.constant('set' as const), key, value: values, how, ttl, tags }) },
    { weight: 4, arbitrary: fc.record({ what: fc.constant('get' as const), key, how }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('delete' as const), key, how }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('update' as const), key, value: values, how, ttl }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('getOrSet' as const), key, value: values, ttl, tags }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 1_000) }) },
    fc.record({ what: fc.constant('invalidate' as const), tags }),
    fc.record({ what: fc.constant('prune' as const) }),
    fc.record({ what: fc.constant('clear' as const) }),
  );
}

/** A Map with a clock. */
class Model {
  readonly #entries = new Map<string, { value: unknown; expiresAt: number; tags: readonly string[] }>();

  get(key: string): unknown {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.expiresAt <= Date.now() ? undefined : entry.value;
  }

  set(key: string, value: unknown, ttl: number | undefined, tags: readonly string[] = []): void {
    this.#entries.set(key, { value, expiresAt: Date.now() + (ttl ?? DEFAULT_TTL_MS), tags });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  invalidate(tags: readonly string[]): void {
    for (const [key, entry] of this.#entries) if (entry.tags.some((tag) => tags.includes(tag))) this.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

describe.each(['rename', 'flock'] as const)('%s: any sequence of operations equals a Map with a clock', (strategy) => {
  test.each(CODECS)('codec $name', async ({ codec, values, keep }) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const directory = `${quickFolder()}/cache`;
    const open = () => new FileCache<unknown>({ directory, strategy, codec: codec as 'json', ttl: DEFAULT_TTL_MS });
    const [cache, other] = [open(), open()];
    onTestFinished(async () => {
      await Promise.all([cache.close(), other.close()]);
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operations(values), { maxLength: 40 }), async (sequence) => {
        await cache.clear();
        const model = new Model();
        for (const step of sequence) {
          if (step.what === 'set') {
            const { key, value, how, ttl, tags } = step;
            if (how === 'sync') cache.setSync(key, value, { ttl, tags });
            else await cache.set(key, value, { ttl, tags });
            model.set(key, keep(value), ttl, tags);
          } else if (step.what === 'get') {
            const { key, how } = step;
            const [found, present] =
              how === 'sync' ? [cache.getSync(key), cache.hasSync(key)] : [await cache.get(key), await cache.has(key)];
            expectSame(found, model.get(key));
            expect(present).toBe(found !== undefined);
          } else if (step.what === 'delete') {
            if (step.how === 'sync') cache.deleteSync(step.key);
            else await cache.delete(step.key);
            model.delete(step.key);
          } else if (step.what === 'update') {
            const { key, value, how, ttl } = step;
            const change = (old: unknown) => (old === undefined ? value : undefined);
            const next =
              how === 'sync' ? cache.updateSync(key, change, { ttl }) : await cache.update(key, change, { ttl });
            expectSame(next, change(model.get(key)));
            if (next === undefined) model.delete(key);
            else model.set(key, keep(next), ttl);
          } else if (step.what === 'getOrSet') {
            const { key, value, ttl, tags } = step;
            const present = model.get(key);
            expectSame(await cache.getOrSet(key, () => value, { ttl, tags }), present === undefined ? value : present);
            if (present === undefined) model.set(key, keep(value), ttl, tags);
          } else if (step.what === 'wait') vi.setSystemTime(Date.now() + step.ms);
          else if (step.what === 'invalidate') {
            await cache.invalidateTags(step.tags);
            model.invalidate(step.tags);
          } else if (step.what === 'prune') await cache.prune();
          else {
            await cache.clear();
            model.clear();
          }
        }
        // Another instance finds the same.
        for (const key of KEYS) expectSame(other.getSync(key), model.get(key));
      }),
      { numRuns: RUNS },
    );
    expect(await cache.verify()).toMatchObject({ found: 0 });
  });
});

/** Large buffers are not compared byte by byte by the test runner, which takes its time. */
function expectSame(found: unknown, expected: unknown): void {
  if (Buffer.isBuffer(found) && Buffer.isBuffer(expected)) expect(found.equals(expected)).toBe(true);
  else expect(found).toEqual(expected);
}
