import type { Era } from '../era/index.js';
import type { Damage, EntryHeader, Place } from '../format/index.js';
import type { Steps } from '../sections/index.js';
import type { ShardTotals } from '../shared/index.js';

/** The most removals of one section: some 20 us each, so about a millisecond together. */
export const REMOVALS_PER_SECTION = 64;
/** The most headers that are read between two steps. */
export const HEADERS_PER_STEP = 8;

/** What is known of an entry without reading its payload. */
export interface EntrySummary extends EntryHeader {
  /** The bytes that it takes in the store: the length of its file. */
  readonly fileBytes: number;
}

/** How much was removed. */
export interface Removed {
  entries: number;
  bytes: number;
}

/** A shard's totals as counted, and as its words noted them at the same moment. */
export interface Recounted {
  readonly counted: ShardTotals;
  readonly noted: ShardTotals;
}

/** What may be wrong with the file of an entry. */
export type EntryProblem = Damage | 'not a regular file' | 'unreadable' | 'wrong name';

/** Also files that are no entries: left by a killed writer (`orphaned temporary`), or not made by a cache (`stray`). */
export type ShardProblem = EntryProblem | 'orphaned temporary' | 'stray';

/** Where a check counts whole entries, and reports problems. */
export interface CheckFindings {
  entries: number;
  bytes: number;
  add(path: string, problem: ShardProblem, outcome: 'repaired' | 'left'): void;
}

/** How much a sweep has removed. */
export interface Swept {
  bytes: number;
  temporaries: number;
}

/**
 * The upkeep of a store, one shard at a time, as jobs of short steps (sections/steps.ts). A section that a job yields
 * runs under the shard's exclusive lock. Other work may run between two steps. Each job throws EraEnded where its era
 * is over.
 */
export interface ShardUpkeep {
  /**
   * The headers of all entries, expired ones too, in no order, some at a time. An entry that exists all the time is
   * returned exactly once. One that is written or removed meanwhile is returned once or not at all. Damaged entries are
   * left out.
   */
  walk(era: Era, shard: number): Iterable<Steps<EntrySummary[]>>;
  /** Removes the entries that no read may return any more, not even as stale ones. Damaged entries stay. */
  removeExpired(era: Era, shard: number, nowMs: number, removed: Removed): Steps<void>;
  /** Counts the entries, and stores the totals unless the purpose is to `compare`. */
  recount(era: Era, shard: number, purpose: 'store' | 'compare'): Steps<Recounted>;
  /**
   * Checks all of each entry, and all other files. A problem is checked again inside the section before it is reported
   * or repaired.
   */
  check(era: Era, shard: number, mode: 'report' | 'repair', findings: CheckFindings): Steps<void>;
  /** Removes what dead processes left. */
  sweep(era: Era, shard: number, swept: Swept): Steps<void>;
}

/** A write that makes room, as far as a store needs to know of it. */
export interface MakingRoom {
  readonly era: Era;
  readonly written: Pick<Place, 'shard' | 'hash'>;
  /** Shards whose lock was taken, or where an eviction failed. */
  readonly passedOver: ReadonlySet<number>;
  /** Whether recycled files are to be removed before any entry. */
  readonly sparesFirst: boolean;
  /** Whether a limit is still exceeded. Called inside the section. */
  isStillOver(): boolean;
  /** Called with the length of each entry that was removed. */
  removed(bytes: number): void;
}

/** One removal that may free space. The lock of its shard is tried once, without waiting. */
export interface EvictionStep {
  readonly shard: number;
  /**
   * Runs in the exclusive section. Checks again that the removal is still due, and does all of it, with steps 2 to 4 of
   * the protocol.
   */
  readonly work: () => void;
}

/** How one instance finds the coldest entries. */
export interface Eviction {
  /** To be called once for each write that makes room. */
  begin(era: Era): void;
  /** To be called when this instance has written an entry. */
  noteWritten(era: Era, place: Place): void;
  /** The next removal to try. `undefined`: there is none. Throws EraEnded. */
  next(making: MakingRoom): EvictionStep | undefined;
}
