import type { Era } from '../era/index.js';
import type { Damage, EntryHeader, Place } from '../format/index.js';
import type { Steps } from '../sections/index.js';
import type { ShardTotals } from '../shared/index.js';

/** So many removals one section does at most: some 20 us each, so about a millisecond. */
export const REMOVALS_PER_SECTION = 64;
/** So many headers at most are looked at between two steps. */
export const HEADERS_PER_STEP = 8;

/** What is known of an entry without reading its payload. */
export interface EntrySummary extends EntryHeader {
  /** What it takes in the store: of a file its length. */
  readonly fileBytes: number;
}

/** What was taken away. */
export interface Removed {
  entries: number;
  bytes: number;
}

/** A count by hand beside what the words said in the same moment. */
export interface Recounted {
  readonly counted: ShardTotals;
  readonly noted: ShardTotals;
}

/** What may be wrong with what holds an entry. */
export type EntryProblem = Damage | 'not a regular file' | 'unreadable' | 'wrong name';

/** Beside that: left by a writer that was killed; nothing that a cache puts there. */
export type ShardProblem = EntryProblem | 'orphaned temporary' | 'stray';

/** Where a check adds up what is whole, and tells what is not. */
export interface CheckFindings {
  entries: number;
  bytes: number;
  add(path: string, problem: ShardProblem, outcome: 'repaired' | 'left'): void;
}

/** What a sweep has removed. */
export interface Swept {
  bytes: number;
  temporaries: number;
}

/**
 * What upkeep asks of a store, one shard at a time, as jobs of short steps (sections/steps.ts): what a step yields runs in the exclusive
 * section of the shard, and between two of them others have their turn. Each throws EraEnded where its era is over.
 */
export interface ShardUpkeep {
  /**
   * The headers of all entries, expired ones too, in no order, some at a time. An entry that is there all the while is given exactly once,
   * one that is written or removed meanwhile once or not at all. What is damaged is passed over.
   */
  walk(era: Era, shard: number): Iterable<Steps<EntrySummary[]>>;
  /** Removes the entries that can no longer be given out, not even as stale ones. What is damaged stays. */
  removeExpired(era: Era, shard: number, nowMs: number, removed: Removed): Steps<void>;
  /** Counts by hand, and stores the totals, unless only to `compare`. */
  recount(era: Era, shard: number, purpose: 'store' | 'compare'): Steps<Recounted>;
  /** Checks every entry whole, and what lies beside them; damage is told after a second look inside the section, and only there removed. */
  check(era: Era, shard: number, mode: 'look' | 'repair', findings: CheckFindings): Steps<void>;
  /** Removes what dead processes left. */
  sweep(era: Era, shard: number, swept: Swept): Steps<void>;
}

/** A write that makes room, from its beginning to its end, as far as a store needs to know of it. */
export interface MakingRoom {
  readonly era: Era;
  readonly written: Pick<Place, 'shard' | 'hash'>;
  /** Shards that were taken, or where something failed. */
  readonly passedOver: ReadonlySet<number>;
  /** Whether what a store only keeps to be used again is to go before any entry. */
  readonly sparesFirst: boolean;
  /** Asked inside the section. */
  isStillOver(): boolean;
  /** Told of what was removed. */
  removed(bytes: number): void;
}

/** One thing that may free something: its shard is tried once, and nobody waits for it. */
export interface EvictionStep {
  readonly shard: number;
  /** In the exclusive section; looks again whether it is still to be done, and is a whole removal, with steps 2 to 4 of the protocol. */
  readonly work: () => void;
}

/** How one instance finds what has been used least. */
export interface Eviction {
  /** To be called once for each write that makes room. */
  begin(era: Era): void;
  /** This instance has written an entry. */
  noteWritten(era: Era, place: Place): void;
  /** What is to be tried next. `undefined`: there is nothing (that can be had). Throws EraEnded. */
  next(making: MakingRoom): EvictionStep | undefined;
}
