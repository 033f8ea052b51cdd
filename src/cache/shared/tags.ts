import { createHash } from 'node:crypto';
import type { EntryHeader, TagStamp } from '../format/index.js';
import { GENERATIONS, type SharedWords } from './words.js';

/*
 * A tag has a generation, a counter in shared memory. An entry stores the generations that its tags had when its value
 * was *loaded*. It is current as long as they are the same. Invalidating a tag adds 1 to its counter. Tags share 4,096
 * counters by their hash. Two tags of one counter are invalidated together, which costs a reload and is never wrong.
 *
 * Generations belong to an era. Its counters begin at its number, so that an entry of one era is not current by the
 * counters of another. A value that was made in one era and is committed to the next gets new generations
 * (store/file-writes.ts).
 */

interface TagPlace {
  readonly index: number;
  readonly shard: number;
}

/** The places of recent tags. A service has few tags. */
const places = new Map<string, TagPlace>();
const MOST_PLACES = 10_000;

/** Which counter a tag has, and in which shard's section the counter is changed. */
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

/** An era, or what has its words. */
export interface WithWords {
  readonly words: SharedWords;
}

/** Tags with generations, and the era of these generations. */
export interface Stamps<E extends WithWords = WithWords> {
  readonly era: E;
  readonly tags: readonly TagStamp[];
}

/**
 * The tags with their present generations. Take them before a load begins: if a tag is invalidated meanwhile, the
 * loaded value is then not current.
 */
export function stampTags<E extends WithWords>(era: E, tags: readonly string[]): Stamps<E> {
  return { era, tags: tags.map((tag) => ({ tag, generation: era.words.generation(placeOfTag(tag).index) })) };
}

/** Whether none of the tags has been invalidated since. */
export function areCurrent(words: SharedWords, stamps: readonly TagStamp[]): boolean {
  return stamps.every(({ tag, generation }) => words.generation(placeOfTag(tag).index) === generation);
}

/** Whether an entry is neither expired nor invalidated, by the words of its era. For use inside a section. */
export function isFreshIn(era: WithWords, { expiresAt, tags }: Pick<EntryHeader, 'expiresAt' | 'tags'>): boolean {
  return expiresAt > Date.now() && areCurrent(era.words, tags);
}
