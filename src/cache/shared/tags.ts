import { createHash } from 'node:crypto';
import type { EntryHeader, TagStamp } from '../format/index.js';
import { GENERATIONS, type SharedWords } from './words.js';

/*
 * A tag has a generation, a count in shared memory. An entry keeps the generations that its tags had when its value was *loaded*; it is
 * current as long as they are the same. To invalidate a tag is to count one up. Tags share 4,096 counts by their hash: two tags on one
 * count are invalidated together, which costs a reload and is never wrong.
 *
 * Generations belong to an era, as the counts do. The counts of an era begin at its own number, so that an entry of one era is never
 * current by the counts of another; a value that is committed to another than it was made in gets new ones (store/file-writes.ts).
 */

interface TagPlace {
  readonly index: number;
  readonly shard: number;
}

/** Places of tags that were asked for lately; a service has few. */
const places = new Map<string, TagPlace>();
const MOST_PLACES = 10_000;

/** Which count a tag has, and which shard's section it is changed in. */
export function placeOfTag(tag: string): TagPlace {
  let place = places.get(tag);
  if (place === undefined) {
    const digest = createHash('sha256').update(tag).digest();
    place = { index: digest.readUInt16LE(1) % GENERATIONS, shard: digest.readUInt8(0) };
    if (places.size >= MOST_PLACES) places.clear();
    places.set(tag, place);
  }
  return place;
}

/** What has words: an era. */
export interface WithWords {
  readonly words: SharedWords;
}

/** Tags with generations, and the era that these are of. */
export interface Stamps<E extends WithWords = WithWords> {
  readonly era: E;
  readonly tags: readonly TagStamp[];
}

/** The tags with the generations of this moment. Taken before a load begins, so that what is invalidated meanwhile is not stored as current. */
export function stampTags<E extends WithWords>(era: E, tags: readonly string[]): Stamps<E> {
  return { era, tags: tags.map((tag) => ({ tag, generation: era.words.generation(placeOfTag(tag).index) })) };
}

/** Whether none of the tags was invalidated since. */
export function areCurrent(words: SharedWords, stamps: readonly TagStamp[]): boolean {
  return stamps.every(({ tag, generation }) => words.generation(placeOfTag(tag).index) === generation);
}

/** Neither expired nor invalidated, by the words of the era that it lies in: for who is inside a section. */
export function isFreshIn(era: WithWords, { expiresAt, tags }: Pick<EntryHeader, 'expiresAt' | 'tags'>): boolean {
  return expiresAt > Date.now() && areCurrent(era.words, tags);
}
