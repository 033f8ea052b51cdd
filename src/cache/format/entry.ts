import { crc32 } from 'node:zlib';
import { crc32Of } from './crc32.js';
import { decodeTags, decodeUtf8, encodeTags, LONGEST_TAGS, restampTags, type TagStamp } from './entry-tags.js';

/*
 * The bytes of an entry file. docs/entry-format.md describes each byte, and says when a change needs a new
 * FORMAT_VERSION. Change both together.
 *
 * Everything here is pure: bytes go in, a description or a reason comes out. `decodeHeader` and `decodePayload` take
 * any bytes and never throw, because any program may have written the file.
 */

/** "HFE" and a byte that no text file has. */
const MAGIC = 0xff454648;
export const FORMAT_VERSION = 1;
/** Bytes of the header before key and tags. */
export const FIXED_LENGTH = 80;
/** Payloads are checked in blocks of this many bytes. */
export const BLOCK_LENGTH = 64 * 1024;
/** Keys are at most this many bytes of UTF-8. */
export const LONGEST_KEY = 65_535;
/** So many bytes of a file, or all of a shorter one, contain the whole header. */
export const LONGEST_HEADER = payloadOffsetFor(LONGEST_KEY, LONGEST_TAGS);
/**
 * Lengths take 64 bits. Up to this one, a JavaScript number holds the length of the whole entry with its table exactly.
 */
const LARGEST_LENGTH = 2 ** 52;

/** How the payload became bytes. The numbers are on disk. */
export const CODEC_NUMBERS = { bytes: 0, text: 1, json: 2, v8: 3, custom: 4 } as const;
export type CodecName = keyof typeof CODEC_NUMBERS;
/** In the order of their numbers. */
const CODEC_NAMES = Object.keys(CODEC_NUMBERS) as readonly CodecName[];

/** The entry may be overwritten in place, by an entry that is no longer than the file. */
const FLAG_REWRITABLE = 1;

/** What the header of an entry says. Times are milliseconds since 1970; `Infinity` means never. */
export interface EntryHeader {
  readonly key: string;
  readonly codec: CodecName;
  readonly rewritable: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Until then an expired value may be given out while a new one is loaded. Not before `expiresAt`. */
  readonly staleUntil: number;
  /** A random number, new at each write, that identifies this version of the entry. */
  readonly version: bigint;
  readonly tags: readonly TagStamp[];
  readonly payloadLength: number;
}

/** A header read from a file, and where its payload lies there. */
export interface DecodedHeader extends EntryHeader {
  readonly payloadOffset: number;
  /** The checksum of a payload of one block. For a longer payload: of the table of block checksums that follows it. */
  readonly payloadChecksum: number;
}

/** Why bytes are no entry. */
export type Damage =
  | 'too short'
  | 'wrong magic'
  | 'unknown version'
  | 'unknown codec'
  | 'unknown flags'
  | 'reserved bytes'
  | 'impossible length'
  | 'header checksum'
  | 'invalid key'
  | 'invalid tags'
  | 'invalid time'
  | 'payload cut short'
  | 'payload checksum';

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly damage: Damage };

/** Where the payload begins (a multiple of 8), after a key and tags of these lengths. */
export function payloadOffsetFor(keyLength: number, tagsLength: number): number {
  return (FIXED_LENGTH + keyLength + tagsLength + 7) & ~7;
}

/** How many bytes of checksums follow a payload of this length: none where it is a single block. */
export function tableLength(payloadLength: number): number {
  return payloadLength <= BLOCK_LENGTH ? 0 : 4 * Math.ceil(payloadLength / BLOCK_LENGTH);
}

/** Length of the whole entry, without the slack that a rewritable one may have behind it. */
export function entryLength(header: Pick<DecodedHeader, 'payloadOffset' | 'payloadLength'>): number {
  return header.payloadOffset + header.payloadLength + tableLength(header.payloadLength);
}

/**
 * The header as bytes, up to where the payload begins. Key and tags must have been checked (`placeOf`, `checkTags`).
 */
export function encodeHeader(header: EntryHeader, payloadChecksum: number): Buffer {
  const keyLength = Buffer.byteLength(header.key);
  const tags = encodeTags(header.tags);
  const bytes = Buffer.allocUnsafe(payloadOffsetFor(keyLength, tags.length));
  writeHeader(bytes, bytes.length, header, payloadChecksum, keyLength, tags);
  return bytes;
}

/** Fills the first `length` bytes. */
function writeHeader(
  bytes: Buffer,
  length: number,
  header: EntryHeader,
  payloadChecksum: number,
  keyLength: number,
  tags: Buffer,
): void {
  bytes.fill(0, 0, length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt8(FORMAT_VERSION, 4);
  bytes.writeUInt8(CODEC_NUMBERS[header.codec], 5);
  bytes.writeUInt16LE(header.rewritable ? FLAG_REWRITABLE : 0, 6);
  bytes.writeDoubleLE(header.createdAt, 8);
  bytes.writeDoubleLE(header.expiresAt, 16);
  bytes.writeDoubleLE(header.staleUntil, 24);
  bytes.writeBigUInt64LE(header.version, 32);
  bytes.writeUInt32LE(keyLength, 40);
  bytes.writeUInt32LE(tags.length, 44);
  bytes.writeUInt16LE(header.tags.length, 48);
  bytes.writeBigUInt64LE(BigInt(header.payloadLength), 56);
  bytes.writeUInt32LE(payloadChecksum, 64);
  bytes.write(header.key, FIXED_LENGTH, 'utf8');
  tags.copy(bytes, FIXED_LENGTH + keyLength);
  bytes.writeUInt32LE(headerChecksum(bytes, length), 72);
}

/** Puts the checksum of the payload, or of its table, into a header that was made without it. */
export function sealHeader(header: Buffer, payloadChecksum: number): void {
  header.writeUInt32LE(payloadChecksum, 64);
  header.writeUInt32LE(headerChecksum(header, header.length), 72);
}

/**
 * Sets the generation of all tags of an entry. Besides that only the checksum of the header changes. `bytes`: the entry
 * or its header.
 */
export function restampEntry(bytes: Buffer, generation: number): void {
  const keyLength = bytes.readUInt32LE(40);
  restampTags(bytes, FIXED_LENGTH + keyLength, bytes.readUInt16LE(48), generation);
  bytes.writeUInt32LE(headerChecksum(bytes, payloadOffsetFor(keyLength, bytes.readUInt32LE(44))), 72);
}

/** The checksums of the blocks of a payload, in order. Empty where there is only one block. */
export function encodeTable(payload: Buffer): Buffer {
  if (payload.length <= BLOCK_LENGTH) return NOTHING;
  const table = Buffer.allocUnsafe(tableLength(payload.length));
  for (let block = 0; block * 4 < table.length; block += 1) {
    table.writeUInt32LE(crc32(payload.subarray(block * BLOCK_LENGTH, (block + 1) * BLOCK_LENGTH)), block * 4);
  }
  return table;
}

/** A whole entry: header, payload, and the table where the payload has several blocks. */
export function encodeEntry(header: Omit<EntryHeader, 'payloadLength'>, payload: Buffer): Buffer {
  const table = encodeTable(payload);
  const checksum = crc32(table.length === 0 ? payload : table);
  const keyLength = Buffer.byteLength(header.key);
  const tags = encodeTags(header.tags);
  const offset = payloadOffsetFor(keyLength, tags.length);
  const bytes = Buffer.allocUnsafe(offset + payload.length + table.length);
  writeHeader(bytes, offset, { ...header, payloadLength: payload.length }, checksum, keyLength, tags);
  payload.copy(bytes, offset);
  table.copy(bytes, offset + payload.length);
  return bytes;
}

/**
 * Reads a header from the first bytes of a file of `fileLength` bytes. Checks each length against `fileLength` before
 * anything of that length is allocated. Where `bytes` does not hold the whole header, the damage is `too short`, and
 * `headerLengthOf` says how much is needed. `likelyKey`: if the bytes hold this key, it is not decoded again.
 */
export function decodeHeader(bytes: Buffer, fileLength: number, likelyKey = ''): Decoded<DecodedHeader> {
  const length = headerLengthOf(bytes, fileLength);
  if (!length.ok) return length;
  const payloadOffset = length.value;
  if (bytes.length < payloadOffset) return damaged('too short');
  if (bytes.readUInt32LE(72) !== headerChecksum(bytes, payloadOffset)) return damaged('header checksum');
  const codec = CODEC_NAMES[bytes.readUInt8(5)];
  if (codec === undefined) return damaged('unknown codec');
  const flags = bytes.readUInt16LE(6);
  if ((flags & ~FLAG_REWRITABLE) !== 0) return damaged('unknown flags');
  const createdAt = bytes.readDoubleLE(8);
  const expiresAt = bytes.readDoubleLE(16);
  const staleUntil = bytes.readDoubleLE(24);
  // Each comparison is also false for NaN.
  const timesHold = Number.isFinite(createdAt) && expiresAt > -Infinity && staleUntil >= expiresAt;
  if (!timesHold) return damaged('invalid time');
  // Inexact beyond 2^53, but LARGEST_LENGTH is less.
  const payloadLength = bytes.readUInt32LE(60) * 2 ** 32 + bytes.readUInt32LE(56);
  if (payloadLength > LARGEST_LENGTH) return damaged('impossible length');
  const keyLength = bytes.readUInt32LE(40);
  const tagsEnd = FIXED_LENGTH + keyLength + bytes.readUInt32LE(44);
  const key = decodeKey(bytes, keyLength, likelyKey);
  if (key === undefined) return damaged('invalid key');
  const tags = decodeTags(bytes, FIXED_LENGTH + keyLength, tagsEnd, bytes.readUInt16LE(48));
  if (tags === undefined) return damaged('invalid tags');
  if (!reservedAreZero(bytes, tagsEnd, payloadOffset)) return damaged('reserved bytes');
  const header: DecodedHeader = {
    key,
    codec,
    rewritable: (flags & FLAG_REWRITABLE) !== 0,
    createdAt,
    expiresAt,
    staleUntil,
    version: bytes.readBigUInt64LE(32),
    tags,
    payloadLength,
    payloadOffset,
    payloadChecksum: bytes.readUInt32LE(64),
  };
  if (entryLength(header) > fileLength) return damaged('payload cut short');
  return { ok: true, value: header };
}

function decodeKey(bytes: Buffer, length: number, likelyKey: string): string | undefined {
  if (length === 0) return undefined;
  if (holdsAscii(bytes, FIXED_LENGTH, length, likelyKey)) return likelyKey;
  return decodeUtf8(bytes.subarray(FIXED_LENGTH, FIXED_LENGTH + length));
}

/** The length of this file's header, as its fixed part says. */
export function headerLengthOf(bytes: Buffer, fileLength: number): Decoded<number> {
  if (bytes.length < FIXED_LENGTH || fileLength < FIXED_LENGTH) return damaged('too short');
  if (bytes.readUInt32LE(0) !== MAGIC) return damaged('wrong magic');
  if (bytes.readUInt8(4) !== FORMAT_VERSION) return damaged('unknown version');
  const keyLength = bytes.readUInt32LE(40);
  const tagsLength = bytes.readUInt32LE(44);
  if (keyLength > LONGEST_KEY || tagsLength > LONGEST_TAGS) return damaged('impossible length');
  const length = payloadOffsetFor(keyLength, tagsLength);
  return length > fileLength ? damaged('too short') : { ok: true, value: length };
}

/**
 * Whether the header says that the entry may be overwritten in place. `bytes` must hold the fixed part of the header.
 */
export function isRewritable(bytes: Buffer): boolean {
  return (bytes.readUInt16LE(6) & FLAG_REWRITABLE) !== 0;
}

/** Checks and gives the payload of a complete entry. The result shares memory with `bytes`. */
export function decodePayload(bytes: Buffer, header: DecodedHeader): Decoded<Buffer> {
  const end = header.payloadOffset + header.payloadLength;
  if (bytes.length < entryLength(header)) return damaged('payload cut short');
  const payload = bytes.subarray(header.payloadOffset, end);
  const tableEnd = end + tableLength(header.payloadLength);
  const whole = payloadHolds(payload, bytes.subarray(end, tableEnd), header);
  return whole ? { ok: true, value: payload } : damaged('payload checksum');
}

/** Whether a complete payload matches the checksums in its table and header. The table of one block is empty. */
export function payloadHolds(payload: Buffer, table: Buffer, { payloadChecksum }: DecodedHeader): boolean {
  if (payload.length <= BLOCK_LENGTH) return crc32(payload) === payloadChecksum;
  return crc32(table) === payloadChecksum && encodeTable(payload).equals(table);
}

/** Covers the whole header except the checksum itself. */
function headerChecksum(bytes: Buffer, length: number): number {
  return crc32Of(bytes, 76, length, crc32Of(bytes, 0, 72));
}

/** Whether a range of bytes is exactly this text, and the text is ASCII. */
function holdsAscii(bytes: Buffer, offset: number, length: number, text: string): boolean {
  if (length !== text.length) return false;
  for (let index = 0; index < length; index += 1) {
    const byte = bytes[offset + index] ?? 0;
    if (byte >= 0x80 || byte !== text.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * Whether the bytes without a meaning are zeros. So an entry has one form only, and this version rejects entries of a
 * later version that gives these bytes a meaning.
 */
function reservedAreZero(bytes: Buffer, tagsEnd: number, payloadOffset: number): boolean {
  const inFixedPart = bytes.readUInt16LE(50) | bytes.readUInt32LE(52) | bytes.readUInt32LE(68) | bytes.readUInt32LE(76);
  if (inFixedPart !== 0) return false;
  for (let offset = tagsEnd; offset < payloadOffset; offset += 1) {
    if (bytes[offset] !== 0) return false;
  }
  return true;
}

const NOTHING = Buffer.alloc(0);

function damaged(damage: Damage): { readonly ok: false; readonly damage: Damage } {
  return { ok: false, damage };
}
