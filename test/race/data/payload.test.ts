import { describe, expect, test } from 'vitest';
import { inspect, MINIMUM_BYTES, PayloadSource } from '../../../src/race/data/payload.js';

const PAGE = 4_096;

/** Copies: a source uses its memory again. */
function payloads(count: number, bytes: number, seed = 1, writer = 1): Buffer[] {
  const source = new PayloadSource(bytes, seed, writer);
  return Array.from({ length: count }, () => Buffer.from(source.next()));
}

function payloadsOfLength(bytes: number, count: number): Buffer[] {
  return payloads(count * 4 + 20, bytes)
    .filter(({ length }) => length === bytes)
    .slice(0, count);
}

describe('a payload', () => {
  test.each([MINIMUM_BYTES, 71, 4_097, 100_000])('of up to %d bytes is whole', (bytes) => {
    for (const payload of payloads(50, bytes)) {
      expect(inspect(payload)).toBe('ok');
      expect(payload.length).toBeLessThanOrEqual(bytes);
    }
  });

  test('has its full length mostly, and is shorter at times', () => {
    const lengths = payloads(200, 71).map(({ length }) => length);
    expect(lengths.filter((length) => length === 71).length).toBeGreaterThan(100);
    expect(lengths.filter((length) => length < 71).length).toBeGreaterThan(20);
  });

  test('is fixed by seed and writer', () => {
    expect(payloads(20, 71, 7, 2)).toEqual(payloads(20, 71, 7, 2));
    expect(payloads(20, 71, 7, 2)).not.toEqual(payloads(20, 71, 8, 2));
    expect(payloads(20, 71, 7, 2)).not.toEqual(payloads(20, 71, 7, 3));
  });

  test('differs from the one before on every page', () => {
    const [one, other] = payloadsOfLength(8 * PAGE, 2);
    for (let at = 0; at < 8 * PAGE; at += PAGE) {
      expect(one?.subarray(at, at + PAGE)).not.toEqual(other?.subarray(at, at + PAGE));
    }
  });
});

describe('inspection', () => {
  test('calls 0 bytes empty', () => {
    expect(inspect(Buffer.alloc(0))).toBe('empty');
  });

  test('calls zeros torn, however many', () => {
    for (const length of [1, 4, 15, 16, 24, 71, PAGE]) expect(inspect(Buffer.alloc(length))).toBe('torn');
  });

  test('calls every beginning of a payload torn', () => {
    const [payload = Buffer.alloc(0)] = payloads(1, 71);
    for (let length = 1; length < payload.length; length += 1) {
      expect(inspect(payload.subarray(0, length))).toBe('torn');
    }
  });

  test('calls the beginning of one payload before the rest of another torn, wherever the seam is', () => {
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = payloadsOfLength(71, 2);
    for (let seam = 1; seam < 71; seam += 1) {
      const mixture = Buffer.concat([one.subarray(0, seam), other.subarray(seam)]);
      expect(inspect(mixture)).toBe(mixture.equals(one) || mixture.equals(other) ? 'ok' : 'torn');
    }
  });

  test('calls a payload before what is left of a longer one torn', () => {
    const source = payloads(50, 71);
    const long = source.find(({ length }) => length === 71) ?? Buffer.alloc(0);
    const short = source.find(({ length }) => length < 71) ?? Buffer.alloc(0);
    expect(inspect(Buffer.concat([short, long.subarray(short.length)]))).toBe('torn');
  });

  test('calls a page of another generation in the middle torn', () => {
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = payloadsOfLength(4 * PAGE, 2);
    other.copy(one, PAGE, PAGE, 2 * PAGE);
    expect(inspect(one)).toBe('torn');
  });
});
