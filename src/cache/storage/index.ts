export { bringInto } from './bring-into.js';
export {
  ABSENT,
  closeOpened,
  type Found,
  type FoundEntry,
  type NoEntry,
  type OpenEntry,
  owned,
  unheld,
} from './found.js';
export type {
  Committed,
  Condition,
  EncodedValue,
  RemovalOutcome,
  Staged,
  Storage,
  StorageContext,
} from './storage.js';
export type {
  CheckFindings,
  EntryProblem,
  EntrySummary,
  Eviction,
  EvictionStep,
  MakingRoom,
  Recounted,
  Removed,
  ShardProblem,
  ShardUpkeep,
  Swept,
} from './upkeep.js';
export { HEADERS_PER_STEP, REMOVALS_PER_SECTION } from './upkeep.js';
