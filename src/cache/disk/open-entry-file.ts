import { errorCode } from '../../errors.js';
import { syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';
import { ABSENT, type NoEntry } from '../storage/index.js';
import { type CountedFile, openCounted, openCountedLater } from './counted-file.js';

/**
 * What an error of open(2) or read(2) says about a file. `refused`: its permissions were changed; a read of the entry
 * takes it for no file. `unreadable`: a failure of this file alone, such as a broken block of the disk. Any other error
 * says nothing about the file, and is thrown.
 */
const MEANINGS: Readonly<Record<string, 'absent' | 'no file' | 'refused' | 'unreadable'>> = {
  ENOENT: 'absent',
  ENOTDIR: 'absent',
  // A symbolic link.
  ELOOP: 'no file',
  // A FIFO or socket: these have no positions to read at.
  ENXIO: 'no file',
  ESPIPE: 'no file',
  // A folder.
  EISDIR: 'no file',
  EACCES: 'refused',
  EPERM: 'unreadable',
  EIO: 'unreadable',
};

const NO_FILE: NoEntry = { kind: 'damaged', damage: 'not a regular file' };

/** For a read of the entry: the result for an error. Throws an error that says nothing about the file. */
export function noEntry(error: unknown): NoEntry {
  const meaning = MEANINGS[errorCode(error) ?? ''];
  if (meaning === 'absent') return ABSENT;
  if (meaning === 'no file' || meaning === 'refused') return NO_FILE;
  throw error;
}

/** For upkeep, which reads many files: whether the error concerns this file alone. */
export function isUnreadable(error: unknown): boolean {
  const meaning = MEANINGS[errorCode(error) ?? ''];
  return meaning === 'refused' || meaning === 'unreadable';
}

/** The open file of an entry, not read yet, and its length. The caller closes it; until then its reader is counted. */
export interface EntryFile {
  readonly kind: 'file';
  readonly fd: number;
  readonly size: number;
  /** Idempotent. */
  close(): void;
}

type EntryPlace = Pick<Place, 'shard' | 'hash' | 'slot'>;

/** Opens the file of an entry if it is a regular file. Does not follow links. Throws where the file is unreadable. */
export function openEntryFile(era: Era, place: EntryPlace): EntryFile | NoEntry {
  let file: CountedFile | undefined;
  let regular = false;
  try {
    file = openCounted(era, place);
    const stats = syscalls.fstat(file.fd);
    regular = stats.isFile();
    return regular ? entryFile(file, stats.size) : NO_FILE;
  } catch (error) {
    if (isUnreadable(error)) throw error;
    return noEntry(error);
  } finally {
    if (!regular) file?.close();
  }
}

/** The same through the thread pool. A file without permission to read it counts as no file. */
export async function openEntryFileLater(era: Era, place: EntryPlace): Promise<EntryFile | NoEntry> {
  let file: CountedFile | undefined;
  let regular = false;
  try {
    file = await openCountedLater(era, place);
    const stats = await syscalls.fstatAsync(file.fd);
    regular = stats.isFile();
    return regular ? entryFile(file, stats.size) : NO_FILE;
  } catch (error) {
    return noEntry(error);
  } finally {
    if (!regular) file?.close();
  }
}

function entryFile(file: CountedFile, size: number): EntryFile {
  return { kind: 'file', fd: file.fd, size, close: () => file.close() };
}
