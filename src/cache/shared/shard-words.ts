/** The words of a shard in `shared` (words.ts), by their index. */
export const WORDS_PER_SHARD = 16;
export const BUSY = 0;
export const WAITING_UNTIL = 1;
export const RECOUNT = 2;
export const ENTRIES = 3;
/** A count of 64 bits: two words, at an even index. */
export const BYTES = 4;
export const NEXT_EXPIRY = 6;
export const SPARE = 7;
export const BLOCKS = 8;
