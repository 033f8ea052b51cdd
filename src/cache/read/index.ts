export { decodeEntry, freshEntry, isFresh, tagsAreCurrent } from './fresh.js';
export { entries, keys, walk } from './iterate.js';
export { map } from './map.js';
export type { KeptValue, TierSize } from './memory-tier.js';
export { readStream } from './read-stream.js';
export { type GiveOut, handOut, handOutLater, Reads } from './reads.js';
export { copyInTurns, isLongBuffer } from './share-value.js';
