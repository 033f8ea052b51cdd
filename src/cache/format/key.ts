import { hash } from 'node:crypto';
import { toUSVString } from 'node:util';
import { HoldfastError, invalidArgument } from '../../errors.js';
import { LONGEST_KEY } from './entry.js';
import { LONGEST_TAG, MOST_TAGS } from './entry-tags.js';

/** Shards of a cache: folders of entries, each with its own lock. */
export const SHARDS = 256;
/** Slots of a cache: groups of keys by the first 16 bits of the hash. Each has words of its own in shared memory. */
export const SLOTS = 65_536;

/** Where a key lives. A key never becomes a path: its hash does. */
export interface Place {
  readonly key: string;
  /** SHA-256 of the key's UTF-8, hexadecimal. */
  readonly hash: string;
  /** The first 8 bits of the hash. */
  readonly shard: number;
  /** The first 16 bits of the hash. */
  readonly slot: number;
  /** 31 bits of the hash, never 0: what stands in a slot's lease word for this key. */
  readonly leaseMark: number;
}

/**
 * The places of recent keys, since hashing a key takes longer than this lookup. When `recent` is full it becomes
 * `elder`, and the former `elder` is forgotten.
 */
let recent = new Map<string, Place>();
let elder = new Map<string, Place>();
const MOST_RECENT = 4_096;
/** Longer keys are not remembered. So both maps take a few megabytes at most. */
const LONGEST_REMEMBERED = 256;

/** Throws `ERR_INVALID_KEY` for anything but a string of 1 to 65,535 bytes of UTF-8 without unpaired surrogates. */
export function placeOf(key: unknown): Place {
  const known = recent.get(key as string);
  if (known !== undefined) return known;
  const place = elder.get(key as string) ?? hashedPlace(key);
  if (place.key.length <= LONGEST_REMEMBERED) remember(place);
  return place;
}

function remember(place: Place): void {
  if (recent.size >= MOST_RECENT) {
    elder = recent;
    recent = new Map();
  }
  recent.set(place.key, place);
}

function hashedPlace(key: unknown): Place {
  if (typeof key !== 'string') throw invalidKey(`A key is a string, not ${key === null ? 'null' : typeof key}.`);
  if (key === '') throw invalidKey('A key cannot be empty.');
  // Each UTF-16 unit is at least one byte: a huge string is refused without being encoded.
  if (key.length > LONGEST_KEY || Buffer.byteLength(key) > LONGEST_KEY) {
    throw invalidKey(`A key is at most ${LONGEST_KEY} bytes of UTF-8; this one has ${key.length} characters.`);
  }
  if (!isWellFormed(key)) throw invalidKey('A key cannot contain an unpaired surrogate: it has no UTF-8.');
  // In one call, and as text: to make a Hash and a Buffer takes three times as long as to hash the key.
  const name = hash('sha256', key, 'hex');
  const slot = slotOfName(name);
  return { key: flatCopyOf(key), hash: name, shard: slot >>> 8, slot, leaseMark: wordOf(name.slice(8, 16)) >>> 1 || 1 };
}

/** V8 copies parts of strings that are shorter than this, instead of making slices. */
const SHORTEST_SLICE = 13;
/** For keys of usual length: a unit of UTF-16 takes three bytes of UTF-8 at most. */
const scratch = Buffer.allocUnsafeSlow(3 * LONGEST_REMEMBERED);

/**
 * The same text in memory of its own. For V8 a key that was cut from a response or a log file is a slice of that whole
 * text, and keeps all of it in memory as long as the key.
 */
function flatCopyOf(key: string): string {
  if (key.length < SHORTEST_SLICE) return key;
  if (key.length > LONGEST_REMEMBERED) return Buffer.from(key).toString();
  return scratch.toString('utf8', 0, scratch.write(key));
}

/** The word that four bytes in hexadecimal are, the lowest byte first. */
function wordOf(bytes: string): number {
  const highestFirst = Number.parseInt(bytes, 16);
  const [high, low] = [highestFirst >>> 16, highestFirst & 0xffff];
  return ((low << 24) | ((low & 0xff00) << 8) | ((high << 8) & 0xff00) | (high >>> 8)) >>> 0;
}

/** The slot of a key, by its hash. */
export function slotOfName(hash: string): number {
  return Number.parseInt(hash.slice(0, 4), 16);
}

/**
 * Throws `ERR_INVALID_ARGUMENT` for anything but an array of up to 64 tags of 1 to 255 bytes. Duplicates are taken out.
 */
export function checkTags(tags: unknown): readonly string[] {
  if (tags === undefined) return [];
  if (!Array.isArray(tags)) throw invalidArgument('tags must be an array of strings.');
  const unique = [...new Set(tags)];
  if (unique.length > MOST_TAGS) throw invalidArgument(`An entry has at most ${MOST_TAGS} tags, not ${unique.length}.`);
  for (const tag of unique) {
    if (!isTag(tag)) throw invalidArgument(`A tag is a string of 1 to ${LONGEST_TAG} bytes of UTF-8.`);
  }
  return unique;
}

function isTag(tag: unknown): tag is string {
  if (typeof tag !== 'string' || tag === '' || tag.length > LONGEST_TAG) return false;
  return Buffer.byteLength(tag) <= LONGEST_TAG && isWellFormed(tag);
}

/** Whether a text has UTF-8: no unpaired surrogate. */
export function isWellFormed(text: string): boolean {
  return toUSVString(text) === text;
}

function invalidKey(message: string): HoldfastError {
  return new HoldfastError('ERR_INVALID_KEY', message);
}
