import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

/**
 * A reader of entries as somebody would write it from docs/entry-format.md, in another language: nothing of src/ is used. The
 * tests hold it against the real one. The steps have the numbers that they have there.
 */

export interface BookEntry {
  key: string;
  codec: number;
  rewritable: boolean;
  createdAt: number;
  expiresAt: number;
  staleUntil: number;
  version: bigint;
  tags: { tag: string; generation: number }[];
  payload: Uint8Array;
  entryLength: number;
}

/** The entry, or the number of the step at which it was refused. */
export type BookResult = { entry: BookEntry } | { failedAt: number };

const BLOCK = 65_536;

export function readByTheBook(bytes: Uint8Array): BookResult {
  // A Buffer's slice is a view; a Uint8Array's is a copy.
  const file = new Uint8Array(bytes);
  if (file.length < 80) return { failedAt: 1 };
  const view = new DataView(file.buffer);
  if (view.getUint32(0) !== 0x484645ff || view.getUint8(4) !== 1) return { failedAt: 2 };

  const keyLength = view.getUint32(40, true);
  const tagsLength = view.getUint32(44, true);
  const tagsEnd = 80 + keyLength + tagsLength;
  const payloadOffset = Math.ceil(tagsEnd / 8) * 8;
  if (keyLength > 65_535 || tagsLength > 16_640 || payloadOffset > file.length) return { failedAt: 3 };

  if (view.getUint32(72, true) !== crc(file.slice(0, 72), file.slice(76, payloadOffset))) return { failedAt: 4 };

  const codec = view.getUint8(5);
  const flags = view.getUint16(6, true);
  if (codec > 4 || flags > 1) return { failedAt: 5 };

  const [createdAt, expiresAt, staleUntil] = [8, 16, 24].map((offset) => view.getFloat64(offset, true)) as Three;
  if (!Number.isFinite(createdAt)) return { failedAt: 6 };
  if (Number.isNaN(expiresAt) || expiresAt === -Infinity) return { failedAt: 6 };
  if (Number.isNaN(staleUntil) || staleUntil < expiresAt) return { failedAt: 6 };

  const payloadLength = view.getBigUint64(56, true);
  if (payloadLength > 4_503_599_627_370_496n) return { failedAt: 7 };

  const key = text(file.slice(80, 80 + keyLength));
  if (key === undefined || key === '') return { failedAt: 8 };

  const tags = readTags(file.slice(80 + keyLength, tagsEnd), view.getUint16(48, true));
  if (tags === undefined) return { failedAt: 9 };

  const reserved = [...file.slice(50, 56), ...file.slice(68, 72), ...file.slice(76, 80)];
  if ([...reserved, ...file.slice(tagsEnd, payloadOffset)].some((byte) => byte !== 0)) return { failedAt: 10 };

  const blocks = Number((payloadLength + 65_535n) / 65_536n);
  const payloadEnd = payloadOffset + Number(payloadLength);
  const entryLength = payloadEnd + (blocks <= 1 ? 0 : 4 * blocks);
  if (entryLength > file.length) return { failedAt: 11 };

  const payload = file.slice(payloadOffset, payloadEnd);
  const table = file.slice(payloadEnd, entryLength);
  if (view.getUint32(64, true) !== crc(blocks <= 1 ? payload : table)) return { failedAt: 13 };
  if (blocks > 1) {
    for (let block = 0; block < blocks; block += 1) {
      const checksum = view.getUint32(payloadEnd + 4 * block, true);
      if (checksum !== crc(payload.slice(block * BLOCK, (block + 1) * BLOCK))) return { failedAt: 13 };
    }
  }
  const version = view.getBigUint64(32, true);
  const rewritable = flags === 1;
  return {
    entry: { key, codec, rewritable, createdAt, expiresAt, staleUntil, version, tags, payload, entryLength },
  };
}

/** A moment of a reading at which somebody else may do something. */
export type Moment = 'opened' | 'read half' | 'read';

/** So often it is begun again. */
const MOST_TRIES = 1_000;
/** So often the same file may hold no entry of the key, before that is believed. */
const MOST_FAILURES = 5;

/**
 * The entry of a key in a cache that is in use: what was current at some moment of the call, or `undefined`. `at`: for tests, which let
 * others come in between.
 */
export function readInUseByTheBook(
  path: string,
  key: string,
  at: (moment: Moment) => void = () => {},
): BookEntry | undefined {
  let failures = 0;
  let former = 0;
  for (let tries = 0; tries < MOST_TRIES && failures <= MOST_FAILURES; tries += 1) {
    const once = readOnce(path, at);
    if (once === undefined) return undefined;
    const { result, inode, isNamed } = once;
    const isIts = 'entry' in result && result.entry.key === key;
    if (isIts && isNamed) return result.entry;
    // Another version has taken the name: that is no failure.
    if (isNamed) failures = inode === former ? failures + 1 : 1;
    former = inode;
  }
  return undefined;
}

/** `undefined`: there is no regular file. */
function readOnce(path: string, at: (moment: Moment) => void) {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    at('opened');
    const opened = fstatSync(fd);
    if (!opened.isFile()) return undefined;
    const half = Math.floor(opened.size / 2);
    const bytes = Buffer.alloc(opened.size);
    const first = readSync(fd, bytes, 0, half, 0);
    at('read half');
    const second = readSync(fd, bytes, half, opened.size - half, half);
    at('read');
    const result = readByTheBook(bytes.subarray(0, first < half ? first : half + second));
    // Step 14, while the file is still open, so that its number is nobody else's.
    const named = lstatSync(path, { throwIfNoEntry: false });
    return { result, inode: opened.ino, isNamed: named?.ino === opened.ino && named.dev === opened.dev };
  } finally {
    closeSync(fd);
  }
}

type Three = [number, number, number];

function readTags(bytes: Uint8Array, count: number): BookEntry['tags'] | undefined {
  if (count > 64) return undefined;
  const tags: BookEntry['tags'] = [];
  let rest = bytes;
  for (let index = 0; index < count; index += 1) {
    const length = rest[0];
    if (length === undefined || length === 0 || rest.length < 1 + length + 4) return undefined;
    const tag = text(rest.slice(1, 1 + length));
    if (tag === undefined) return undefined;
    tags.push({ tag, generation: new DataView(rest.slice(1 + length, 5 + length).buffer).getUint32(0, true) });
    rest = rest.slice(5 + length);
  }
  return rest.length === 0 ? tags : undefined;
}

function text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 over the parts as if they followed each other. */
export function crc(...parts: Uint8Array[]): number {
  let value = 0xffffffff;
  for (const part of parts) {
    for (const byte of part) value = (CRC_OF_BYTE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
}
