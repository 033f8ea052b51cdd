import { quietly } from '../../errors.js';
import { isSlotOf } from './protocol.js';
import type { SharedWords } from './words.js';

/*
 * Recycled files: a write publishes without making one file and deleting another.
 *
 * A write puts the new version into the shard's file `spare`, and exchanges it with the entry in one step. The old
 * version then has the name `spare`, and the next write in this shard writes to the same inode. It does so only if no
 * reader may have that file open, since what a reader has open never changes. The reader counts in shared memory tell:
 * a reader adds 1 at the slot of its key before it opens the entry, and subtracts 1 after it has closed it.
 *
 * A write, inside the exclusive section of the shard:
 *
 * 1. Load the `spare` word, and store 0: if this process dies from here on, no other one recycles the file.
 * 2. If the word was `slot + 1`, and the reader count of that slot is 0 now, open the file to rewrite it. A reader that
 *    begins later opens another file: this one lost the entry's name before the word was stored. Otherwise remove it
 *    and make a new file. What a dead writer left at the name is removed first.
 * 3. Write every byte of the new version, and cut the file to its length. Close it.
 * 4. Exchange it with the entry. Rename it where there is no entry yet, or where the file system cannot exchange.
 * 5. `spare` word = slot of this key + 1, where the readers of the old version are counted. If the old version is
 *    longer than LONGEST_SPARE, remove it instead.
 *
 * A read: add 1 to the reader count, open; close, subtract 1.
 *
 * Each step accesses shared memory, or the names and contents of files, once at most. Between two steps another process
 * may do anything, and this one may die. docs/protocol.md gives the reasons; test/model/ runs these functions in every
 * interleaving.
 */

/**
 * Longer files are not recycled. So all recycled files of a cache take a mebibyte at most, and longer entries may be
 * mapped.
 */
export const LONGEST_SPARE = 4_096;

/** The words that the steps use: SharedWords, or those of a model. */
export type RecyclingWords = Pick<SharedWords, 'spare' | 'setSpare' | 'beginReading' | 'endReading' | 'hasReaders'>;

/**
 * A write in the middle of its steps: what it has loaded so far, and what it does to files. Each call throws the
 * system's error.
 */
export interface RecyclingWriter {
  readonly shard: number;
  /** The slot of the key that is written. */
  readonly slot: number;
  /** The shard's `spare` word as it was loaded; 0 before that. */
  former: number;
  /** Whether the slot that the file at `spare` was an entry of had readers. */
  isRead: boolean;
  /** The file of the new version: not there yet, open for writing, or closed with all its bytes. */
  readonly file: 'none' | 'open' | 'closed';
  /** How the new version took the entry's name. `undefined`: it has not yet. */
  readonly published: 'exchanged' | 'renamed' | undefined;
  /** Length of the file that had the entry's name. */
  readonly oldLength: number;
  /** Opens the file at `spare`, if it is one that a write left there. Never throws. */
  reopen(): void;
  /** Removes the file at `spare` where that is possible. Never throws. */
  remove(): void;
  /** Makes a file at `spare` and opens it. Does nothing if the name is taken. */
  make(): void;
  /** Removes whatever has the name `spare`, if anything has. */
  clearAway(): void;
  /** Makes a file at `spare` and opens it. */
  makeAnew(): void;
  write(): void;
  cut(): void;
  close(): void;
  /** Notes what has the entry's name now. */
  lookAtEntry(): void;
  publish(): void;
}

/** An operation that removes the file at `spare` without writing one. */
export type RecyclingSweeper = Pick<RecyclingWriter, 'shard' | 'file' | 'clearAway'>;

/** A reader of an entry. `T`: what opening gives, such as a promise. */
export interface RecyclingReader<T = undefined> {
  readonly slot: number;
  /** Throws if the entry cannot be opened. */
  openFile(): T;
  /** Closes what was opened, if anything was. Never throws. */
  closeFile(): void;
}

/**
 * `damaged`: the word holds a value that no step stores; the era must end. `kept`: the next write may recycle the file.
 */
export type RecyclingOutcome = 'damaged' | 'kept' | undefined;
export type WriteStep = (words: RecyclingWords, writer: RecyclingWriter) => RecyclingOutcome;
export type SweepStep = (words: RecyclingWords, sweeper: RecyclingSweeper) => RecyclingOutcome;
export type BeginStep = <T>(words: RecyclingWords, reader: RecyclingReader<T>) => T | undefined;
export type EndStep = (words: RecyclingWords, reader: Omit<RecyclingReader, 'openFile'>) => undefined;

/** The steps by name. Tests of the model take them out one by one. */
export const recyclingSteps = {
  loadSpare(words: RecyclingWords, writer: RecyclingWriter) {
    writer.former = words.spare(writer.shard);
    return writer.former === 0 || isSlotOf(writer.former - 1, writer.shard) ? undefined : 'damaged';
  },
  clearSpare(words: RecyclingWords, { shard }: RecyclingSweeper) {
    words.setSpare(shard, 0);
    return undefined;
  },
  lookForReaders(words: RecyclingWords, writer: RecyclingWriter) {
    writer.isRead = writer.former !== 0 && words.hasReaders(writer.former - 1);
    return undefined;
  },
  reopen(_words: RecyclingWords, writer: RecyclingWriter) {
    if (writer.former !== 0 && !writer.isRead) writer.reopen();
    return undefined;
  },
  /** The file exists. If it stayed, making another one of its name would fail. */
  removeFormer(_words: RecyclingWords, writer: RecyclingWriter) {
    if (writer.former !== 0 && writer.file === 'none') writer.remove();
    return undefined;
  },
  make(_words: RecyclingWords, writer: RecyclingWriter) {
    if (writer.file === 'none') writer.make();
    return undefined;
  },
  clearAway(_words: RecyclingWords, sweeper: RecyclingSweeper) {
    if (sweeper.file === 'none') sweeper.clearAway();
    return undefined;
  },
  makeAnew(_words: RecyclingWords, writer: RecyclingWriter) {
    if (writer.file === 'none') writer.makeAnew();
    return undefined;
  },
  write(_words: RecyclingWords, writer: RecyclingWriter) {
    writer.write();
    return undefined;
  },
  cut(_words: RecyclingWords, writer: RecyclingWriter) {
    writer.cut();
    return undefined;
  },
  close(_words: RecyclingWords, writer: RecyclingWriter) {
    writer.close();
    return undefined;
  },
  lookAtEntry(_words: RecyclingWords, writer: RecyclingWriter) {
    writer.lookAtEntry();
    return undefined;
  },
  publish(_words: RecyclingWords, writer: RecyclingWriter) {
    writer.publish();
    return undefined;
  },
  keepShort(words: RecyclingWords, { shard, slot, published, oldLength }: RecyclingWriter) {
    if (published === 'exchanged' && oldLength <= LONGEST_SPARE) words.setSpare(shard, slot + 1);
    return undefined;
  },
  removeLong(_words: RecyclingWords, writer: RecyclingWriter) {
    if (writer.published === 'exchanged' && writer.oldLength > LONGEST_SPARE) writer.remove();
    return undefined;
  },
  /** The error that made this necessary must not be hidden by one of closing. */
  closeUnwritten(_words: RecyclingWords, writer: RecyclingWriter) {
    if (writer.file === 'open') quietly(() => writer.close());
    return undefined;
  },
  removeUnpublished(_words: RecyclingWords, writer: RecyclingWriter) {
    if (writer.file !== 'none' && writer.published === undefined) writer.remove();
    return undefined;
  },
  passOverKept(words: RecyclingWords, { shard }: RecyclingSweeper) {
    return words.spare(shard) === 0 ? undefined : 'kept';
  },
  countIn(words: RecyclingWords, { slot }: Pick<RecyclingReader, 'slot'>) {
    words.beginReading(slot);
    return undefined;
  },
  openEntry<T>(_words: RecyclingWords, reader: RecyclingReader<T>) {
    return reader.openFile();
  },
  closeEntry(_words: RecyclingWords, reader: Pick<RecyclingReader, 'closeFile'>) {
    reader.closeFile();
    return undefined;
  },
  countOut(words: RecyclingWords, { slot }: Pick<RecyclingReader, 'slot'>) {
    words.endReading(slot);
    return undefined;
  },
} satisfies Record<string, WriteStep | SweepStep | BeginStep | EndStep>;

const steps = recyclingSteps;

/** The steps in their order. Production runs these lists; a test may change one to show why a step is needed. */
export const recycling = {
  /** Steps 1 to 5 of a write. */
  write: [
    ...[steps.loadSpare, steps.clearSpare],
    ...[steps.lookForReaders, steps.reopen, steps.removeFormer, steps.make, steps.clearAway, steps.makeAnew],
    ...[steps.write, steps.cut, steps.close],
    ...[steps.lookAtEntry, steps.publish],
    ...[steps.keepShort, steps.removeLong],
  ] as WriteStep[],
  /** After a step of a write has failed. */
  abandon: [steps.closeUnwritten, steps.removeUnpublished] as WriteStep[],
  /** Removes the file for its space. */
  giveUp: [steps.clearSpare, steps.clearAway] as SweepStep[],
  /** Removes what a dead writer left. */
  sweep: [steps.passOverKept, steps.clearAway] as SweepStep[],
  /** Before an entry is read. If it fails, `end` must be run all the same. */
  begin: [steps.countIn, steps.openEntry] as [BeginStep, BeginStep],
  /** After the entry was read. */
  end: [steps.closeEntry, steps.countOut] as [EndStep, EndStep],
};

/** Runs steps in their order. `undefined`: all have been run. */
export function runRecycling<T>(
  list: readonly ((words: RecyclingWords, party: T) => RecyclingOutcome)[],
  words: RecyclingWords,
  party: T,
): RecyclingOutcome {
  for (const step of list) {
    const outcome = step(words, party);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}
