import type { Era } from '../era/index.js';
import type { CodecName, EntryHeader, Place } from '../format/index.js';
import type { EntryBytes } from '../payload/index.js';
import type { Instance } from '../sections/index.js';
import type { Counters } from '../shared/index.js';
import type { Found, OpenEntry } from './found.js';
import type { Eviction, ShardUpkeep } from './upkeep.js';

/** A value ready to be written: the bytes of its entry, and the version that makes it known again. */
export interface EncodedValue {
  readonly bytes: EntryBytes;
  readonly version: bigint;
  /** The era of the generations that its tags carry. `undefined`: it has no tags, and fits any. */
  era: Era | undefined;
}

/** What a write came to. `refused`: the condition did not hold, and nothing was changed. */
export type Committed = 'committed' | 'refused';
/** What a removal came to. `swept`: what was there no read would have given (expired, invalidated, damaged). */
export type RemovalOutcome = 'removed' | 'swept' | 'absent' | 'refused';

/** Asked inside the section, so that nothing can come between the answer and the write. It may use {@link Storage.lookInside}. */
export type Condition = (era: Era) => boolean;

/** An entry that grows piece by piece, outside any section. Until it is committed nobody can find it. */
export interface Staged {
  /** The one that it belongs to; it can be committed to no other. */
  readonly era: Era;
  /** Of the whole entry, when its payload has grown by so much. */
  lengthWith(moreBytes: number): number;
  /** Takes a copy of the bytes, the last of it when the promise resolves. One after the other. */
  append(bytes: Buffer): Promise<void>;
  /**
   * Makes what was written the entry of its key, if the condition holds; with `flush` it is on the disk then. `header` is asked when
   * all of the payload is written, and gives one as long as that it was begun with. Throws EraEnded where its era is over.
   */
  commit(header: () => Omit<EntryHeader, 'payloadLength'>, condition?: Condition): Promise<Committed>;
  /** Waits for what is on its way, and removes what was not committed. Idempotent. */
  end(): Promise<void>;
}

/**
 * The contract of a store: where entries are. It is chosen once, when a cache is opened (store/storage-for.ts), and what uses it does not ask
 * which one it is. How to add one: docs/add-a-store.md.
 *
 * All stores share the era and its words: epochs, leases, totals, generations of tags. A store makes every change inside the exclusive
 * section of the shard, with steps 2 to 4 of the protocol around it, and with the totals (`changing`); so what stands above it, the memory
 * tier, flights and limits, holds for any.
 */
export interface Storage {
  /** Whether the headers of new entries say that these may be rewritten where they are. */
  readonly rewrites: boolean;
  /** The file that an entry is in, or would be: for messages, and where it is mapped. */
  pathOf(place: Place): string;
  /** How much an entry of so many bytes takes in it. */
  lengthOf(entryBytes: number): number;

  /** Reads an entry, waiting on this thread. `payload` must be decoded before the next read. */
  findSync(place: Place): Found;
  /**
   * The same without holding the event loop up; where the era has ended and the next is not there yet, nothing is found. `use` is called in
   * the same turn in which the entry was read, outside any section. Where no lock has to be waited for that has happened when this returns,
   * and no promise is made. A large payload of another codec than the cache's is given as empty: nobody could decode it.
   */
  find<T>(place: Place, use: (found: Found) => T): T | Promise<T>;
  /**
   * The entry for whoever takes longer over it than a section lasts: in memory of its own, or, where it is longer than `inlineLength`, open
   * and never changed again.
   */
  open(place: Place, inlineLength?: number): Promise<Found | OpenEntry>;
  /** Inside the section of the shard: as `findSync`, but a long entry is given open, and is to be closed, or read later. */
  lookInside(era: Era, place: Place): Found | OpenEntry;
  /** Inside the section: the entry, however long it is. */
  readInside(era: Era, place: Place): Found;
  /** Reads what was given open, without holding the event loop up, and closes it. */
  readOpened(opened: OpenEntry): Promise<Found>;

  /** Makes encoded bytes the entry of a key, if the condition holds. No promise is made where nothing had to be waited for. */
  put(place: Place, value: EncodedValue, condition?: Condition): Committed | Promise<Committed>;
  putSync(place: Place, value: EncodedValue, condition?: Condition): Committed;
  /** Begins an entry whose payload comes in pieces. `header`: its times and tags may be others in the end, not its length. */
  stage(era: Era, place: Place, header: Omit<EntryHeader, 'payloadLength'>): Staged;
  /** Removes the entry of a key, if the condition holds. */
  remove(place: Place, condition?: Condition): Promise<RemovalOutcome>;
  removeSync(place: Place, condition?: Condition): RemovalOutcome;

  readonly upkeep: ShardUpkeep;
  /** For one instance of a cache. */
  eviction(): Eviction;
}

/** What a store works with: the cache that it is in. */
export interface StorageContext extends Instance {
  readonly options: {
    readonly inlineLimit: number;
    readonly flush: boolean;
    readonly codec: { readonly name: CodecName };
  };
  /** Permissions of files. */
  readonly fileMode: number;
  readonly counters: Counters;
  /** Gives what the work gives; `close` waits for it. */
  whileOpen<T>(work: Promise<T>): Promise<T>;
}
