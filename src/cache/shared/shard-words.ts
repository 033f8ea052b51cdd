/** The words that `shared` has for each shard (words.ts), by their place among them. */
export const WORDS_PER_SHARD = 16;
export const BUSY = 0;
export const WAITING_UNTIL = 1;
export const RECOUNT = 2;
export const ENTRIES = 3;
/** One 64-bit count, so two words, at an even place. */
export const BYTES = 4;
export const NEXT_EXPIRY = 6;
export const SPARE = 7;
export const BLOCKS = 8;
