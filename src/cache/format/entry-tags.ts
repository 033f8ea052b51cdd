import { isUtf8 } from 'node:buffer';

/*
 * The tags of an entry as bytes: for each tag its length, its text and its generation (docs/entry-format.md). This is a
 * part of entry.ts, and as pure.
 */

export const MOST_TAGS = 64;
export const LONGEST_TAG = 255;
/** Besides its text, a tag takes one byte for its length and four for its generation. */
export const LONGEST_TAGS = MOST_TAGS * (1 + LONGEST_TAG + 4);

/** A tag, and the generation it had when the value was loaded. */
export interface TagStamp {
  readonly tag: string;
  readonly generation: number;
}

const NOTHING = Buffer.alloc(0);
const NO_TAGS: readonly TagStamp[] = [];

export function encodeTags(tags: readonly TagStamp[]): Buffer {
  if (tags.length === 0) return NOTHING;
  const parts = tags.map(({ tag, generation }) => {
    const text = Buffer.from(tag);
    const part = Buffer.alloc(1 + text.length + 4);
    part.writeUInt8(text.length, 0);
    text.copy(part, 1);
    part.writeUInt32LE(generation, 1 + text.length);
    return part;
  });
  return Buffer.concat(parts);
}

/** Sets the generation of `count` encoded tags. The first of them lies at `from`. */
export function restampTags(bytes: Buffer, from: number, count: number, generation: number): void {
  let offset = from;
  for (let index = 0; index < count; index += 1) {
    const next = offset + 5 + bytes.readUInt8(offset);
    bytes.writeUInt32LE(generation, next - 4);
    offset = next;
  }
}

/** The tags between two offsets. `undefined` unless there are exactly `count` of them, and nothing else. */
export function decodeTags(bytes: Buffer, from: number, end: number, count: number): readonly TagStamp[] | undefined {
  if (count > MOST_TAGS) return undefined;
  if (count === 0) return from === end ? NO_TAGS : undefined;
  const tags: TagStamp[] = [];
  let offset = from;
  for (let index = 0; index < count; index += 1) {
    const length = offset < end ? bytes[offset] : undefined;
    if (length === undefined || length === 0 || offset + 5 + length > end) return undefined;
    const tag = decodeUtf8(bytes.subarray(offset + 1, offset + 1 + length));
    if (tag === undefined) return undefined;
    tags.push({ tag, generation: bytes.readUInt32LE(offset + 1 + length) });
    offset += 5 + length;
  }
  return offset === end ? tags : undefined;
}

/** The text, or `undefined` where the bytes are not exactly UTF-8. A byte order mark is kept. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
