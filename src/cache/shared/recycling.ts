import { quietly } from '../../errors.js';
import { isSlotOf } from './protocol.js';
import type { SharedWords } from './words.js';

/*
 * Recycled files: publishing without making and deleting a file each time.
 *
 * A new version is written to the shard's file `spare` and exchanged with the entry, in one step. The old version then lies at `spare`,
 * and the next write in this shard uses its inode again: unless somebody may still be reading it, for what a reader has open never
 * changes. Readers say so in shared memory: each counts itself at the slot of its key before it opens the entry, and takes itself off
 * after it closed it.
 *
 * A write, inside the exclusive section of the shard:
 *
 * 1. Load the `spare` word, and store 0: whatever happens from here on, nobody uses the file again.
 * 2. The word was `slot + 1`, and nobody reads at this slot now: a reader that begins later finds another file at the entry's name,
 *    for this one left it before the word was stored. It is opened to be rewritten. Otherwise it is removed, and a new one is made; what a
 *    dead writer left at the name is removed first.
 * 3. Write the new version, every byte, and cut the file to its length. Close it.
 * 4. Exchange it with the entry, or rename it where there is no entry yet, or no exchange.
 * 5. `spare` word = slot of this key + 1: the old version's readers have counted themselves there. A longer one is removed.
 *
 * A read: count in, open; close, count out.
 *
 * Each step makes at most one access to shared memory or to the names and contents of files, so that between any two of them another
 * process may do anything, and this one may die. docs/protocol.md says why they are as they are; test/model/ runs these very functions
 * in every interleaving.
 */

/** Longer files are not kept: so all recycled files of a cache take a mebibyte at most, and what is longer may be mapped. */
export const LONGEST_SPARE = 4_096;

/** The words that the steps use: SharedWords, or those of a model. */
export type RecyclingWords = Pick<SharedWords, 'spare' | 'setSpare' | 'beginReading' | 'endReading' | 'hasReaders'>;

/** A write in the middle of its steps: what it has seen so far, and what it does to files. Each call throws what the system says. */
export interface RecyclingWriter {
  readonly shard: number;
  /** Of the key that is written. */
  readonly slot: number;
  /** The shard's `spare` word as it was loaded; 0 before that. */
  former: number;
  /** Whether a reader was seen at the slot that the file at `spare` was an entry of. */
  isRead: boolean;
  /** Of the new version: not begun, open for writing, or closed with all its bytes. */
  readonly file: 'none' | 'open' | 'closed';
  /** How the new version took the entry's name; `undefined`: it has not. */
  readonly published: 'exchanged' | 'renamed' | undefined;
  /** Length of the file that stood at the entry's name. */
  readonly oldLength: number;
  /** Opens what lies at `spare`, if it is as a write left it. Never throws. */
  reopen(): void;
  /** Removes the file at `spare` where that is possible. Never throws. */
  remove(): void;
  /** Makes a file at `spare` and opens it; nothing where something lies there. */
  make(): void;
  /** Removes what lies at `spare`, whatever it is, if anything does. */
  clearAway(): void;
  /** Makes a file at `spare` and opens it. */
  makeAnew(): void;
  write(): void;
  cut(): void;
  close(): void;
  /** Looks what stands at the entry's name. */
  lookAtEntry(): void;
  publish(): void;
}

/** What removes the file at `spare` without writing one. */
export type RecyclingSweeper = Pick<RecyclingWriter, 'shard' | 'file' | 'clearAway'>;

/** A reader of an entry. `T`: what opening gives, a promise that the next step waits for, or nothing. */
export interface RecyclingReader<T = undefined> {
  readonly slot: number;
  /** Throws where there is nothing that can be opened. */
  openFile(): T;
  /** Closes what was opened, if anything was. Never throws. */
  closeFile(): void;
}

/** `damaged`: the word holds what no step stores; the era must end. `kept`: the file is to be used again. */
export type RecyclingOutcome = 'damaged' | 'kept' | undefined;
export type WriteStep = (words: RecyclingWords, writer: RecyclingWriter) => RecyclingOutcome;
export type SweepStep = (words: RecyclingWords, sweeper: RecyclingSweeper) => RecyclingOutcome;
export type BeginStep = <T>(words: RecyclingWords, reader: RecyclingReader<T>) => T | undefined;
export type EndStep = (words: RecyclingWords, reader: Omit<RecyclingReader, 'openFile'>) => undefined;

/** The steps by name; a model takes them out one by one. */
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
  /** It is there, and making another one would fail first. */
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
  /** The first error is the one that counts. */
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

/** The steps in their order. Production runs these lists; a test may change one to show what a step is for. */
export const recycling = {
  /** Steps 1 to 5 of a write. */
  write: [
    ...[steps.loadSpare, steps.clearSpare],
    ...[steps.lookForReaders, steps.reopen, steps.removeFormer, steps.make, steps.clearAway, steps.makeAnew],
    ...[steps.write, steps.cut, steps.close],
    ...[steps.lookAtEntry, steps.publish],
    ...[steps.keepShort, steps.removeLong],
  ] as WriteStep[],
  /** Where a step of a write failed. */
  abandon: [steps.closeUnwritten, steps.removeUnpublished] as WriteStep[],
  /** To have its space: the file will not be used again. */
  giveUp: [steps.clearSpare, steps.clearAway] as SweepStep[],
  /** Removes what a dead writer left. */
  sweep: [steps.passOverKept, steps.clearAway] as SweepStep[],
  /** Before an entry is read. Where it fails, `end` is run all the same. */
  begin: [steps.countIn, steps.openEntry] as [BeginStep, BeginStep],
  /** After it was read. */
  end: [steps.closeEntry, steps.countOut] as [EndStep, EndStep],
};

/** Runs steps in their order. `undefined`: to the end. */
export function runRecycling<T>(
  list: readonly ((words: RecyclingWords, who: T) => RecyclingOutcome)[],
  words: RecyclingWords,
  who: T,
): RecyclingOutcome {
  for (const step of list) {
    const outcome = step(words, who);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}
