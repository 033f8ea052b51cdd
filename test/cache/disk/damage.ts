import fc from 'fast-check';
import { crc } from '../format/entry-reader.js';

/** One way to damage the bytes of an entry. Places are fractions of the length, so that they fit every entry. */
export type Damaging =
  | { does: 'flip'; at: number; mask: number }
  | { does: 'overwrite'; field: Field; with: bigint }
  | { does: 'cut'; at: number }
  | { does: 'extend'; by: Uint8Array }
  | { does: 'splice'; at: number; from: number }
  | { does: 'move'; from: number; length: number; to: number }
  | { does: 'replace'; after: number; by: Uint8Array };

/** Which checksums are made to fit again after the damage. */
export type Resealing = 'nothing' | 'header' | 'everything';

/** Offset and size of what the fixed part of a header holds. */
type Field = readonly [offset: number, size: 1 | 2 | 4 | 8];

const FIELDS: readonly Field[] = [
  ...([4, 5] as const).map((offset) => [offset, 1] as const),
  ...([6, 48, 50] as const).map((offset) => [offset, 2] as const),
  ...([0, 40, 44, 64, 68, 72, 76] as const).map((offset) => [offset, 4] as const),
  ...([8, 16, 24, 32, 56] as const).map((offset) => [offset, 8] as const),
];

/** Counts and lengths at the edges of every width; NaN, the infinities and -0 as the bits of a double. */
export const EXTREMES: readonly bigint[] = [
  ...[0n, 1n, 2n, 4n, 5n, 7n, 8n, 79n, 80n, 81n],
  ...[64n, 65n, 255n, 256n, 16_640n, 16_641n, 65_535n, 65_536n, 65_537n],
  ...[31n, 32n, 52n, 53n, 63n, 64n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n]),
  ...[0x7ff8000000000000n, 0x7ff0000000000000n, 0xfff0000000000000n, 0x8000000000000000n],
];

/** Evenly spread, which fc.double is not: its doubles are evenly spread over their bits, so that nearly all are nearly 0. */
const PLACE = fc.nat({ max: 2 ** 30 - 1 }).map((value) => value / 2 ** 30);

const DAMAGING: fc.Arbitrary<Damaging> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('flip' as const), at: PLACE, mask: fc.nat({ max: 254 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('overwrite' as const),
      field: fc.constantFrom(...FIELDS),
      with: fc.constantFrom(...EXTREMES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('cut' as const), at: PLACE }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('extend' as const), by: fc.uint8Array({ maxLength: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('splice' as const), at: PLACE, from: PLACE }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('move' as const), from: PLACE, length: PLACE, to: PLACE }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('replace' as const),
      after: fc.oneof(fc.constant(0), PLACE),
      by: fc.uint8Array({ maxLength: 200 }),
    }),
  },
);

export const CASE = fc.record({
  damage: fc.array(DAMAGING, { minLength: 1, maxLength: 2 }),
  reseal: fc.constantFrom<Resealing>('nothing', 'header', 'everything'),
});

/** A damaged copy of `entry`; pieces of `other` may be in it. */
export function damaged(entry: Buffer, other: Buffer, damage: readonly Damaging[], reseal: Resealing): Buffer {
  let bytes: Buffer = Buffer.from(entry);
  for (const one of damage) bytes = inflict(one, bytes, other);
  return resealed(bytes, reseal);
}

function inflict(damage: Damaging, bytes: Buffer, other: Buffer): Buffer {
  const place = (fraction: number) => Math.floor(fraction * bytes.length);
  switch (damage.does) {
    case 'flip':
      if (bytes.length > 0) bytes[place(damage.at)] = (bytes[place(damage.at)] ?? 0) ^ (damage.mask + 1);
      return bytes;
    case 'overwrite': {
      const [offset, size] = damage.field;
      for (let index = 0; index < size && offset + index < bytes.length; index += 1) {
        bytes[offset + index] = Number((damage.with >> BigInt(8 * index)) & 0xffn);
      }
      return bytes;
    }
    case 'cut':
      return bytes.subarray(0, place(damage.at));
    case 'extend':
      return Buffer.concat([bytes, damage.by]);
    case 'splice':
      return Buffer.concat([
        bytes.subarray(0, place(damage.at)),
        other.subarray(Math.floor(damage.from * other.length)),
      ]);
    case 'move':
      bytes.copyWithin(place(damage.to), place(damage.from), place(damage.from) + place(damage.length));
      return bytes;
    case 'replace':
      return Buffer.concat([bytes.subarray(0, place(damage.after)), damage.by]);
  }
}

/** With checksums that fit what is there now, as far as the lengths that it claims allow one. */
export function resealed(bytes: Buffer, reseal: Resealing): Buffer {
  if (reseal === 'nothing' || bytes.length < 80) return bytes;
  const payloadOffset = Math.ceil((80 + bytes.readUInt32LE(40) + bytes.readUInt32LE(44)) / 8) * 8;
  if (payloadOffset > bytes.length) return bytes;
  if (reseal === 'everything') resealPayload(bytes, payloadOffset);
  bytes.writeUInt32LE(crc(bytes.subarray(0, 72), bytes.subarray(76, payloadOffset)), 72);
  return bytes;
}

function resealPayload(bytes: Buffer, payloadOffset: number): void {
  const end = payloadOffset + Number(bytes.readBigUInt64LE(56));
  const blocks = Math.ceil((end - payloadOffset) / 65_536);
  if (end + (blocks > 1 ? 4 * blocks : 0) > bytes.length) return;
  if (blocks <= 1) {
    bytes.writeUInt32LE(crc(bytes.subarray(payloadOffset, end)), 64);
    return;
  }
  for (let block = 0; block < blocks; block += 1) {
    const start = payloadOffset + block * 65_536;
    bytes.writeUInt32LE(crc(bytes.subarray(start, Math.min(end, start + 65_536))), end + 4 * block);
  }
  bytes.writeUInt32LE(crc(bytes.subarray(end, end + 4 * blocks)), 64);
}
