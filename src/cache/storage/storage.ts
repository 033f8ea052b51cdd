import type { Era } from '../era/index.js';
import type { CodecName, EntryHeader, Place } from '../format/index.js';
import type { EntryBytes } from '../payload/index.js';
import type { Instance } from '../sections/index.js';
import type { Counters } from '../shared/index.js';
import type { Found, OpenEntry } from './found.js';
import type { Eviction, ShardUpkeep } from './upkeep.js';

/** A value ready to be written: the bytes of its entry, and the version that identifies it. */
export interface EncodedValue {
  readonly bytes: EntryBytes;
  readonly version: bigint;
  /** The era of the generations that its tags carry. `undefined`: it has no tags, and fits any era. */
  era: Era | undefined;
}

/** The outcome of a write. `refused`: the condition did not hold, and nothing was changed. */
export type Committed = 'committed' | 'refused';
/**
 * The outcome of a removal. `swept`: an entry was removed that no read would have returned (expired, invalidated,
 * damaged).
 */
export type RemovalOutcome = 'removed' | 'swept' | 'absent' | 'refused';

/**
 * Called inside the section, so that nothing can happen between the answer and the write. It may use
 * {@link Storage.openInside}.
 */
export type Condition = (era: Era) => boolean;

/** An entry that is written piece by piece, outside any section. No read finds it before it is committed. */
export interface Staged {
  /** The era that it belongs to. It can be committed to no other. */
  readonly era: Era;
  /** The length of the whole entry after so many more bytes of payload. */
  lengthWith(moreBytes: number): number;
  /** Copies the bytes; they are no longer needed when the promise resolves. One call at a time. */
  append(bytes: Buffer): Promise<void>;
  /**
   * Makes this the entry of its key, if the condition holds. With `flush` it is on the disk when the promise resolves.
   * `header` is called when all of the payload is written. Its header must be as long as the first one. Throws EraEnded
   * where the era is over.
   */
  commit(header: () => Omit<EntryHeader, 'payloadLength'>, condition?: Condition): Promise<Committed>;
  /** Waits for writes under way, and removes the entry if it was not committed. Idempotent. */
  end(): Promise<void>;
}

/**
 * The contract of a store, which holds the entries. The store is chosen once, when a cache is opened
 * (store/storage-for.ts). No other code depends on which one it is. How to add one: docs/add-a-store.md.
 *
 * All stores share the era and its words: epochs, leases, totals, generations of tags. A store makes each change inside
 * the exclusive section of the shard, as step 3 of a write, and adds it to the totals (`changing`). So the memory tier,
 * flights and limits work with any store.
 */
export interface Storage {
  /** Whether the headers of new entries allow a rewrite in place. */
  readonly rewrites: boolean;
  /** The file of an entry, whether it exists or not: for messages, and for mappings. */
  pathOf(place: Place): string;
  /** How many bytes an entry of this length takes in the store. */
  lengthOf(entryBytes: number): number;

  /** Reads an entry, waiting on this thread. `payload` must be decoded before the next read. */
  findSync(place: Place): Found;
  /**
   * The same without blocking the event loop. If the era has ended and the next one does not exist yet, nothing is
   * found. `use` is called in the turn of the event loop in which the entry was read, outside any section. If there is
   * no lock to wait for, `use` has been called when this returns, and no promise is made. A large payload of another
   * codec than the cache's is empty in the result, since it could not be decoded.
   */
  find<T>(place: Place, use: (found: Found) => T): T | Promise<T>;
  /**
   * The entry for a read that takes longer than a section: in memory of its own or, if it is longer than
   * `inlineLength`, as an open file that never changes.
   */
  open(place: Place, inlineLength?: number): Promise<Found | OpenEntry>;
  /**
   * Inside the section of the shard: as `findSync`, but a long entry is returned open. The caller closes it, or reads
   * it later.
   */
  openInside(era: Era, place: Place): Found | OpenEntry;
  /** Inside the section of the shard: the entry, read to its end. */
  readInside(era: Era, place: Place): Found;
  /** Reads an open entry without blocking the event loop, and closes it. */
  readOpened(opened: OpenEntry): Promise<Found>;

  /** Makes a value the entry of a key, if the condition holds. No promise is made if there was nothing to wait for. */
  put(place: Place, value: EncodedValue, condition?: Condition): Committed | Promise<Committed>;
  putSync(place: Place, value: EncodedValue, condition?: Condition): Committed;
  /**
   * Begins an entry whose payload comes in pieces. The times and tags of the header may change until the commit, its
   * length may not.
   */
  stage(era: Era, place: Place, header: Omit<EntryHeader, 'payloadLength'>): Staged;
  /** Removes the entry of a key, if the condition holds. */
  remove(place: Place, condition?: Condition): Promise<RemovalOutcome>;
  removeSync(place: Place, condition?: Condition): RemovalOutcome;

  readonly upkeep: ShardUpkeep;
  /** For one instance of a cache. */
  eviction(): Eviction;
}

/** What a store needs of its cache. */
export interface StorageContext extends Instance {
  readonly options: {
    readonly inlineLimit: number;
    readonly flush: boolean;
    readonly codec: { readonly name: CodecName };
  };
  /** Permissions of files. */
  readonly fileMode: number;
  readonly counters: Counters;
  /** Returns the result of the work, and makes `close` wait for it. */
  whileOpen<T>(work: Promise<T>): Promise<T>;
}
