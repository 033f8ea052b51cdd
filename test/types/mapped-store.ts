import type { Era } from '../../src/cache/era/index.js';
import type { EntryHeader, Place } from '../../src/cache/format/index.js';
import type { ShardLocks } from '../../src/cache/sections/sections.js';
import type {
  Committed,
  Condition,
  EncodedValue,
  Eviction,
  EvictionStep,
  Found,
  MakingRoom,
  OpenEntry,
  RemovalOutcome,
  ShardUpkeep,
  Staged,
  Storage,
  StorageContext,
  Swept,
} from '../../src/cache/storage/index.js';

/*
 * A store without a file for each entry, as types only: that it fits the contract is what compiles here. Entries are cells in one mapped
 * file; a shard's section is held by a word of shared memory; room is made outside sections; what a death left is swept.
 */

/** The number of a party, which holds a lock on a byte of its own for as long as it lives. */
export type Party = number & { readonly party: unique symbol };

/** Sections under an owner word: they take the place of locks on files, and what runs sections is handed them. */
export declare class OwnerWords implements ShardLocks {
  constructor(era: Era, me: Party);
  /** One exchange of the word. There is no shared mode: reads take no lock. */
  tryEnter(shard: number, mode: 'shared' | 'exclusive'): boolean;
  tryOnce(shard: number): boolean;
  /** Enters, which sweeps what a dead owner left. */
  tryRepair(shard: number, slot: number): boolean;
  leave(shard: number): void;
  /** Looks for a section of its own that was torn. */
  everySecond(): void;
  close(): void;
}

/** A run of units in an extent of a shard. */
export type Run = { readonly firstUnit: number; readonly units: number };

/** The mapped cells of one era. */
export interface Cells {
  /** Inside the section. `undefined`: the shard has no room for it, and is to be left. */
  take(shard: number, length: number): Run | undefined;
  fill(run: Run, bytes: Buffer): void;
  /** One store, to a head or to the cell before. Gives what was linked there, to be freed when the epoch is even again. */
  link(place: Place, run: Run | undefined): Run | undefined;
  free(run: Run): void;
  /** Copies the bytes out, never longer than an extent; `again`: the epoch has moved. */
  copy(place: Place): Buffer | 'absent' | 'again';
  /** Outside any section, under a lock of its own. Throws what the disk gives: the old entry stays. */
  grow(shard: number, length: number): Promise<void>;
  growSync(shard: number, length: number): void;
  /** Chains are the truth: runs that none of them meets are free, and totals are what was counted. */
  sweep(shard: number): Swept;
}

/** What one section came to, where there may be no room: then it is left, grown outside, and started over, a bounded number of times. */
export type Attempt = Committed | { readonly wantsRoomFor: number };

export declare class MappedStorage implements Storage {
  constructor(context: StorageContext, cellsOf: (era: Era) => Cells);
  readonly rewrites: false;
  /** Of short entries the file of all cells, of long ones their own. */
  pathOf(place: Place): string;
  /** In whole units. */
  lengthOf(entryBytes: number): number;
  /** Copies, then looks at the epoch again; a copy is the caller's own. */
  findSync(place: Place): Found;
  find<T>(place: Place, use: (found: Found) => T): T | Promise<T>;
  /** Open only where a value is a file: one that no cell takes, or a flushed one. */
  open(place: Place, inlineLength?: number): Promise<Found | OpenEntry>;
  openInside(era: Era, place: Place): Found | OpenEntry;
  readInside(era: Era, place: Place): Found;
  readOpened(opened: OpenEntry): Promise<Found>;
  put(place: Place, value: EncodedValue, condition?: Condition): Committed | Promise<Committed>;
  putSync(place: Place, value: EncodedValue, condition?: Condition): Committed;
  stage(era: Era, place: Place, header: Omit<EntryHeader, 'payloadLength'>): Staged;
  remove(place: Place, condition?: Condition): Promise<RemovalOutcome>;
  removeSync(place: Place, condition?: Condition): RemovalOutcome;
  readonly upkeep: ShardUpkeep;
  eviction(): Eviction;
  /** One try, inside the section. */
  protected attempt(era: Era, place: Place, value: EncodedValue, condition: Condition | undefined): Attempt;
}

/** A hand goes round each shard: first the own one, then others in the order of a shared word, each tried once. */
export declare class Hand implements Eviction {
  begin(era: Era): void;
  noteWritten(): void;
  next(making: MakingRoom): EvictionStep | undefined;
}
