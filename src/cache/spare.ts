import { errorCode, quietly } from '../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, type Stats, syscalls } from '../os/syscalls.js';
import { writeFully } from '../os/transfer.js';
import type { Era } from './era.js';
import type { Place } from './key.js';
import { isSlotOf } from './protocol.js';
import { discard, moveAway, publish } from './publish.js';

/*
 * Publishing without making and deleting a file each time.
 *
 * A new version is written to the shard's file `spare` and exchanged with the entry, in one step. The old version then lies at `spare`, and
 * the next write in this shard uses its inode again: unless somebody may still be reading it, for what a reader has open never changes.
 * Readers say so in shared memory: each counts itself at the slot of its key before it opens the entry, and takes itself off after it
 * closed it (SharedWords.beginReading). So:
 *
 * 1. `spare` word = 0: whatever happens from here on, nobody uses the file again.
 * 2. The word was `slot + 1`, and nobody reads at this slot now: whoever begins to read later finds another file at the entry's name,
 *    for this one left it before the word was stored. It may be rewritten. Otherwise it is unlinked, and a new one is made.
 * 3. Write the new version, every byte, and cut the file to its length.
 * 4. Exchange it with the entry, or rename it where there is no entry yet.
 * 5. `spare` word = slot of this key + 1: the old version's readers have counted themselves there.
 *
 * A writer killed anywhere in between leaves the word 0, and a file at `spare` that the next one unlinks. A reader killed between its
 * two counts keeps its slot from being used again, for the rest of the era: that costs the making of a file, and nothing else.
 *
 * Making and deleting a file are the two dearest parts of a write. On ext4 without a journal they are hundreds of microseconds, since an inode that
 * was deleted within the last minutes is not given out again, and all of them are looked at one by one.
 */

/** Larger files are not kept: so all spare files of a cache take a mebibyte at most. */
export const LONGEST_SPARE = 4_096;

/** Publishes an entry. Inside the shard's exclusive section. Gives the length of the file that it took the place of. */
export function publishThroughSpare(era: Era, place: Place, bytes: Buffer, mode: number): number | undefined {
  const spare = era.paths.spare(place.shard);
  const entry = era.paths.entry(place.shard, place.hash);
  const fd = openSpare(era, place.shard, spare, mode);
  let old: Stats | undefined;
  try {
    try {
      writeFully(fd.number, bytes, 0);
      if (fd.length > bytes.length) syscalls.ftruncate(fd.number, bytes.length);
    } catch (error) {
      quietly(() => syscalls.close(fd.number));
      throw error;
    }
    syscalls.close(fd.number);
    old = syscalls.lstat(entry);
  } catch (error) {
    quietly(() => syscalls.unlink(spare));
    throw error;
  }
  const published = publish(era, spare, entry, old);
  if (published === 'exchanged') keep(era, place, spare, old?.size ?? 0);
  return old?.isFile() ? old.size : undefined;
}

/** Steps 1 and 2. `length`: of the file as it is. */
function openSpare(
  era: Era,
  shard: number,
  path: string,
  mode: number,
): { readonly number: number; readonly length: number } {
  const { words } = era;
  const former = words.spare(shard);
  // No step stores another: somebody has overwritten the words.
  if (former !== 0 && !isSlotOf(former - 1, shard)) era.condemn();
  words.setSpare(shard, 0);
  if (former !== 0) {
    const open = words.hasReaders(former - 1) ? undefined : openForReuse(path, mode);
    if (open !== undefined) return open;
    // It is there, and making another one would fail first. Whatever does not go this way goes the long one.
    quietly(() => syscalls.unlink(path));
  }
  const number = make(era, shard, mode);
  return { number, length: 0 };
}

/** `undefined` for whatever is not as it was left: not a file, under a second name, with permissions that were not asked for. */
function openForReuse(path: string, mode: number): { readonly number: number; readonly length: number } | undefined {
  let number: number;
  try {
    number = syscalls.open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stats = syscalls.fstat(number);
    if (stats.isFile() && stats.nlink === 1 && (stats.mode & 0o777 & ~mode) === 0) {
      return { number, length: stats.size };
    }
  } catch {
    // It is made anew.
  }
  quietly(() => syscalls.close(number));
  return undefined;
}

/** A folder that is missing ends the era: no part of one is ever made again. */
function make(era: Era, shard: number, mode: number): number {
  const path = era.paths.spare(shard);
  for (let tries = 1; ; tries += 1) {
    try {
      return syscalls.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') era.condemn();
      if (code !== 'EEXIST' || tries > 1) throw error;
    }
    discardSpare(era, shard);
  }
}

/** Whether a writer was killed and left a file at `spare`. Inside the shard's exclusive section. */
export function isLeftBehind(era: Era, shard: number): boolean {
  return era.words.spare(shard) === 0 && syscalls.lstat(era.paths.spare(shard)) !== undefined;
}

/** Removes what lies at `spare`, whatever it is; gives its length. Inside the shard's exclusive section. */
export function discardSpare(era: Era, shard: number): number {
  const path = era.paths.spare(shard);
  const stats = syscalls.lstat(path);
  if (stats === undefined) return 0;
  if (stats.isFile()) syscalls.unlink(path);
  else moveAway(era, path);
  return stats.size;
}

/** Step 5. */
function keep(era: Era, place: Place, path: string, length: number): void {
  if (length <= LONGEST_SPARE) era.words.setSpare(place.shard, place.slot + 1);
  else discard(path);
}
