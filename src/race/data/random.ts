/** Whole numbers from 0 to 2^32 - 1, the same ones for the same seed. Not for secrets. */
export type Random = () => number;

/** A generator (mulberry32), determined by all its seeds together. Each is a whole number. */
export function seededRandom(...seeds: readonly number[]): Random {
  let state = seeds.reduce((hash, seed) => scramble(hash ^ seed), 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  };
}

/**
 * Spreads each bit over the whole word (the finalizer of MurmurHash3), so that neighbouring seeds give unlike
 * sequences.
 */
function scramble(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
