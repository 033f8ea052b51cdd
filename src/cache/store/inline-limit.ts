/** Values up to this many bytes are read and written on the calling thread, unless `inlineLimit` says otherwise. */
export const USUAL_INLINE_LIMIT = 64 * 1024;
/** What the header of an entry may take beside a value of the limit. */
export const HEADER_ALLOWANCE = 1024;
