export { blocksOf } from './blocks.js';
export { Counters, sharedCounts } from './counters.js';
export { isHit, isOdd, type Kept, type Party, partyOf, protocol, run } from './protocol.js';
export {
  accessClock,
  lastUse,
  mayHoldExpired,
  noteExpiry,
  noteRead,
  noteWrite,
  noteWriteUntil,
  staleUntilOf,
  TICKS_PER_SECOND,
} from './recency.js';
export {
  LONGEST_SPARE,
  type RecyclingReader,
  type RecyclingSweeper,
  type RecyclingWriter,
  recycling,
  runRecycling,
} from './recycling.js';
export { areCurrent, isFreshIn, placeOfTag, type Stamps, stampTags } from './tags.js';
export type { Held, ShardTotals } from './totals-words.js';
export { BEGINNING_LENGTH, isOfUnknownLayout, SHARED_LAYOUT, SHARED_LENGTH, SharedWords } from './words.js';
