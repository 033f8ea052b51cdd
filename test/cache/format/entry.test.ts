import { inspect, isDeepStrictEqual } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_LENGTH,
  CODEC_NUMBERS,
  type CodecName,
  type Damage,
  type DecodedHeader,
  decodeHeader,
  decodePayload,
  type EntryHeader,
  encodeEntry,
  encodeTable,
  entryLength,
  headerLengthOf,
  isRewritable,
  LONGEST_HEADER,
  tableLength,
} from '../../../src/cache/format/entry.js';
import { CASE, damaged, EXTREMES, resealed } from '../disk/damage.js';
import { type BookEntry, crc, readByTheBook } from './entry-reader.js';

type Fields = Omit<EntryHeader, 'payloadLength'>;

const CODECS = Object.keys(CODEC_NUMBERS) as CodecName[];

const FIELDS: Fields = {
  key: 'user:42',
  codec: 'json',
  rewritable: true,
  createdAt: 1_767_225_600_000,
  expiresAt: 1_767_225_660_000,
  staleUntil: 1_767_225_690_000,
  version: 0x0123456789abcdefn,
  tags: [
    { tag: 'users', generation: 1 },
    { tag: 'café', generation: 258 },
  ],
};

/** Any text that has UTF-8, of at most four bytes a character. */
const textOf = (maxLength: number) => fc.string({ unit: 'binary', minLength: 1, maxLength });
const ANY_TAGS = (maxLength: number) =>
  fc.array(fc.record({ tag: textOf(63), generation: fc.nat({ max: 2 ** 32 - 1 }) }), { maxLength });
const ANY_TIMES = fc
  .tuple(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ noNaN: true, min: -Number.MAX_VALUE }),
    fc.double({ noNaN: true, min: -Number.MAX_VALUE }),
  )
  .map(([createdAt, one, other]) => ({
    createdAt,
    expiresAt: Math.min(one, other),
    staleUntil: Math.max(one, other),
  }));

function anyFields(longest: { key: number; tags: number }): fc.Arbitrary<Fields> {
  const rest = fc.record({
    key: textOf(longest.key),
    codec: fc.constantFrom(...CODECS),
    rewritable: fc.boolean(),
    version: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    tags: ANY_TAGS(longest.tags),
  });
  return fc.tuple(rest, ANY_TIMES).map(([fields, times]) => ({ ...fields, ...times }));
}

describe('an entry gives back', () => {
  test('every field and the payload, whatever they are', () => {
    fc.assert(
      fc.property(anyFields({ key: 300, tags: 64 }), fc.uint8Array({ maxLength: 300 }), (fields, payload) => {
        expectRoundTrip(fields, Buffer.from(payload));
      }),
      { numRuns: 300 },
    );
  });

  test.each(CODECS)('the codec %s', (codec) => {
    expectRoundTrip({ ...FIELDS, codec }, Buffer.from('value'));
  });

  const LENGTHS = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 5 * 65_536 + 1];
  test.each(LENGTHS)('a payload of %d bytes', (length) => {
    expectRoundTrip(FIELDS, pattern(length, 7));
    expectRoundTrip(FIELDS, Buffer.alloc(length));
  });

  test.each([
    ['of one byte', 'k'],
    ['of NUL', '\0'],
    ['of 65,535 bytes', 'k'.repeat(65_535)],
    ['of 65,535 bytes in 21,845 characters', '€'.repeat(21_845)],
    ['with characters of four bytes', '🔑 of 🏠'],
    ['that begins with a byte order mark', '\uFEFFkey'],
    ['that is a path', '../../etc/passwd'],
  ])('a key %s', (_, key) => {
    expectRoundTrip({ ...FIELDS, key }, Buffer.from('value'));
  });

  test('no tag, and 64 tags of 255 bytes with a key of 65,535: the longest header', () => {
    expectRoundTrip({ ...FIELDS, tags: [] }, Buffer.from('value'));
    const tags = Array.from({ length: 64 }, (_, index) => ({
      tag: String(index).padStart(255, 't'),
      generation: index % 2 === 0 ? 0 : 2 ** 32 - 1,
    }));
    const { payloadOffset } = expectRoundTrip({ ...FIELDS, key: 'k'.repeat(65_535), tags }, Buffer.from('value'));
    expect(payloadOffset).toBe(82_256);
    expect(LONGEST_HEADER).toBe(82_256);
  });

  test.each([
    ['never expires', Infinity, Infinity],
    ['is given out stale for ever', 0, Infinity],
    ['expired before 1970', -1.5, -1.5],
  ])('the times of one that %s', (_, expiresAt, staleUntil) => {
    expectRoundTrip({ ...FIELDS, expiresAt, staleUntil }, Buffer.from('value'));
  });

  test('itself, whatever lies behind it in the file', () => {
    for (const payload of [Buffer.from('value'), pattern(65_537, 1)]) {
      const bytes = encodeEntry(FIELDS, payload);
      const file = Buffer.concat([bytes, pattern(500, 3)]);
      const found = read(file);
      expect(found).toEqual(read(bytes));
      expect(found).toMatchObject({ key: FIELDS.key, entryLength: bytes.length });
    }
  });
});

describe('a header', () => {
  const bytes = encodeEntry(FIELDS, pattern(70_000, 1));

  test('is read from the beginning of a file, without the payload', () => {
    const header = bytes.subarray(0, 112);
    expect(headerLengthOf(header.subarray(0, 80), bytes.length)).toEqual({ ok: true, value: 112 });
    expect(decodeHeader(header, bytes.length)).toMatchObject({ ok: true, value: { payloadLength: 70_000 } });
    expect(decodeHeader(header.subarray(0, 111), bytes.length)).toEqual({ ok: false, damage: 'too short' });
    expect(headerLengthOf(header.subarray(0, 79), bytes.length)).toEqual({ ok: false, damage: 'too short' });
    expect(headerLengthOf(header.subarray(0, 80), 111)).toEqual({ ok: false, damage: 'too short' });
  });

  test('says whether the entry may be rewritten', () => {
    expect(isRewritable(bytes)).toBe(true);
    expect(isRewritable(encodeEntry({ ...FIELDS, rewritable: false }, Buffer.alloc(0)))).toBe(false);
  });

  test('of a payload of 2^52 bytes gives exact lengths, of one byte more it is damaged', () => {
    const claim = (length: bigint) => {
      const header = Buffer.from(bytes.subarray(0, 112));
      header.writeBigUInt64LE(length, 56);
      return decodeHeader(resealed(header, 'header'), Number.MAX_SAFE_INTEGER);
    };
    const largest = claim(2n ** 52n);
    if (!largest.ok) throw new Error(largest.damage);
    expect(entryLength(largest.value)).toBe(112 + 2 ** 52 + 4 * 2 ** 36);
    expect(Number.isSafeInteger(entryLength(largest.value))).toBe(true);
    expect(claim(2n ** 52n + 1n)).toEqual({ ok: false, damage: 'impossible length' });
  });

  test('that is there does not mean that the payload is', () => {
    const decoded = decodeHeader(bytes, bytes.length);
    if (!decoded.ok) throw new Error(decoded.damage);
    expect(decodeHeader(bytes, bytes.length - 1)).toEqual({ ok: false, damage: 'payload cut short' });
    const cut = decodePayload(bytes.subarray(0, bytes.length - 1), decoded.value);
    expect(cut).toEqual({ ok: false, damage: 'payload cut short' });
  });
});

test('a claim of any length is only a claim, also where the file is as long: nothing is allocated', () => {
  const bytes = encodeEntry(FIELDS, Buffer.from('value'));
  for (const claim of EXTREMES) {
    for (const reseal of ['nothing', 'header'] as const) {
      const claiming = Buffer.from(bytes);
      claiming.writeBigUInt64LE(BigInt.asUintN(64, claim), 56);
      resealed(claiming, reseal);
      const before = bytesOutsideHeap();
      const header = decodeHeader(claiming, Number.MAX_SAFE_INTEGER);
      if (header.ok) expect(decodePayload(claiming, header.value).ok).toBe(claim === 5n);
      expect(bytesOutsideHeap() - before).toBeLessThan(64 * 1024);
    }
  }
});

describe('a reader refuses what no writer should have written:', () => {
  const tag = { tag: 't', generation: 1 };
  test.each<[what: string, fields: Partial<Fields>, damage: Damage]>([
    ['an empty key', { key: '' }, 'invalid key'],
    ['a key of 65,536 bytes', { key: 'k'.repeat(65_536) }, 'impossible length'],
    ['65 tags', { tags: Array.from({ length: 65 }, () => tag) }, 'invalid tags'],
    ['an empty tag', { tags: [tag, { tag: '', generation: 1 }] }, 'invalid tags'],
    ['creation at no time', { createdAt: Number.NaN }, 'invalid time'],
    ['creation at the end of time', { createdAt: Infinity }, 'invalid time'],
    ['expiry before all time', { expiresAt: -Infinity }, 'invalid time'],
    ['expiry at no time', { expiresAt: Number.NaN }, 'invalid time'],
    ['staleness that ends at no time', { staleUntil: Number.NaN }, 'invalid time'],
    ['staleness that ends before expiry', { expiresAt: 2, staleUntil: 1 }, 'invalid time'],
  ])('%s', (_, fields, damage) => {
    const bytes = encodeEntry({ ...FIELDS, ...fields }, Buffer.from('value'));
    expect(decodeHeader(bytes, bytes.length)).toEqual({ ok: false, damage });
    expectByTheBook(bytes, damage);
  });
});

test('the table has a checksum for each block of 65,536 bytes of a payload that has several', () => {
  const payload = pattern(2 * BLOCK_LENGTH + 5, 1);
  const checksums = [0, 1, 2].map((block) => crc(payload.subarray(block * 65_536, (block + 1) * 65_536)));
  const table = encodeTable(payload);
  expect([0, 4, 8].map((offset) => table.readUInt32LE(offset))).toEqual(checksums);
  expect([0, 1, 65_536, 65_537, 131_072, 131_073].map(tableLength)).toEqual([0, 0, 0, 8, 8, 12]);
});

/** Where docs/entry-format.md, "Reading", has the check that finds a damage. */
const STEPS: Record<Damage, readonly number[]> = {
  'too short': [1, 3],
  'wrong magic': [2],
  'unknown version': [2],
  'impossible length': [3, 7],
  'header checksum': [4],
  'unknown codec': [5],
  'unknown flags': [5],
  'invalid time': [6],
  'invalid key': [8],
  'invalid tags': [9],
  'reserved bytes': [10],
  'payload cut short': [11],
  'payload checksum': [13],
};

describe('of 100,000 random and damaged entries', () => {
  /** Mostly small ones; one in a hundred is a whole block or more. */
  const payload = fc.oneof(
    { weight: 99, arbitrary: fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(65_536, 65_537, 131_072), fc.nat(255))
        .map(([length, seed]) => pattern(length, seed)),
    },
  );
  const anyEntry = fc
    .tuple(anyFields({ key: 30, tags: 3 }), payload)
    .map(([fields, bytes]) => encodeEntry(fields, bytes));

  test('none is accepted that was changed, none throws, none allocates what it claims', () => {
    let cases = 0;
    let accepted = 0;
    const seen = new Set<Damage>();
    fc.assert(
      fc.property(anyEntry, anyEntry, fc.array(CASE, { minLength: 50, maxLength: 50 }), (entry, other, damages) => {
        for (const { damage, reseal } of damages) {
          cases += 1;
          const bytes = damaged(entry, other, damage, reseal);
          const before = bytesOutsideHeap();
          const found = read(bytes);
          const grown = bytesOutsideHeap() - before;
          if (grown > bytes.length + 64 * 1024) throw new Error(`${bytes.length} bytes made it allocate ${grown}`);

          expectByTheBook(bytes, found);
          if (typeof found === 'string') {
            seen.add(found);
            continue;
          }
          accepted += 1;
          const meaningful = bytes.subarray(0, found.entryLength);
          const same =
            reseal === 'nothing'
              ? meaningful.equals(entry) || meaningful.equals(other)
              : isCanonical(found, meaningful);
          if (!same) throw new Error(`accepted: ${meaningful.toString('hex')}`);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(cases).toBe(100_000);
    // Each check has been reached, also those that stand behind the checksum, and some damage was none: in the slack, or undone.
    expect([...seen].sort()).toEqual(Object.keys(STEPS).sort());
    expect(accepted).toBeGreaterThan(1_000);
  }, 60_000);
});

/** The entry that `file` holds, with a copy of its payload, or why it is none. */
function read(file: Buffer): BookEntry | Damage {
  const header = decodeHeader(file, file.length);
  if (!header.ok) return header.damage;
  const payload = decodePayload(file, header.value);
  if (!payload.ok) return payload.damage;
  const { payloadLength, payloadOffset, payloadChecksum, codec, ...fields } = header.value;
  return {
    ...fields,
    codec: CODEC_NUMBERS[codec],
    tags: [...fields.tags],
    payload: new Uint8Array(payload.value),
    entryLength: entryLength(header.value),
  };
}

/** Holds what was found against the reader that was written from the document. */
function expectByTheBook(file: Buffer, found: BookEntry | Damage): void {
  const book = readByTheBook(file);
  const agreed =
    typeof found === 'string'
      ? 'failedAt' in book && STEPS[found].includes(book.failedAt)
      : 'entry' in book && isDeepStrictEqual(book.entry, found);
  if (!agreed) throw new Error(`the document reads ${inspect(book)}, not ${inspect(found)}`);
}

/** Whether encoding what was read gives the bytes that it was read from. */
function isCanonical(found: BookEntry, meaningful: Buffer): boolean {
  const { codec, payload, entryLength: _, ...fields } = found;
  const name = CODECS.find((codecName) => CODEC_NUMBERS[codecName] === codec);
  return name !== undefined && encodeEntry({ ...fields, codec: name }, Buffer.from(payload)).equals(meaningful);
}

function expectRoundTrip(fields: Fields, payload: Buffer): DecodedHeader {
  const bytes = encodeEntry(fields, payload);
  const header = decodeHeader(bytes, bytes.length);
  if (!header.ok) throw new Error(header.damage);
  const { payloadOffset, payloadChecksum, ...rest } = header.value;
  expect(rest).toEqual({ ...fields, payloadLength: payload.length });
  expect(payloadOffset % 8).toBe(0);
  expect(entryLength(header.value)).toBe(bytes.length);
  const decoded = decodePayload(bytes, header.value);
  expect(decoded.ok && decoded.value.equals(payload)).toBe(true);
  expectByTheBook(bytes, read(bytes));
  return header.value;
}

/** What Buffers take. process.memoryUsage() says the same, after reading from /proc what is not wanted here. */
function bytesOutsideHeap(): number {
  return getHeapStatistics().external_memory;
}

/** Bytes without a pattern that a shift by a few would hide. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let value = seed + 1;
  for (let index = 0; index < length; index += 1) {
    value = (value * 1_103_515_245 + 12_345) >>> 0;
    bytes[index] = value >>> 24;
  }
  return bytes;
}
