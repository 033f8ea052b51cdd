import { errorCode } from '../../errors.js';
import { syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';
import { ABSENT, type NoEntry } from '../storage/index.js';
import { type CountedFile, openCounted, openCountedLater } from './counted-file.js';

/**
 * What a failure to open or read a file says of what lies at its name. `refused`: permissions that somebody changed; whoever wants the
 * entry takes that for no file. `unreadable`: a failure of this file alone, such as a broken block of the disk. All else is no word
 * about the file, and is passed on.
 */
const MEANINGS: Readonly<Record<string, 'absent' | 'no file' | 'refused' | 'unreadable'>> = {
  ENOENT: 'absent',
  ENOTDIR: 'absent',
  // A symbolic link.
  ELOOP: 'no file',
  // A FIFO or socket, which has no positions to read at.
  ENXIO: 'no file',
  ESPIPE: 'no file',
  // A folder.
  EISDIR: 'no file',
  EACCES: 'refused',
  EPERM: 'unreadable',
  EIO: 'unreadable',
};

const NO_FILE: NoEntry = { kind: 'damaged', damage: 'not a regular file' };

/** For whoever wants the entry: what lies there instead of one. Throws what says nothing about that. */
export function noEntry(error: unknown): NoEntry {
  const meaning = MEANINGS[errorCode(error) ?? ''];
  if (meaning === 'absent') return ABSENT;
  if (meaning === 'no file' || meaning === 'refused') return NO_FILE;
  throw error;
}

/** For whoever looks at files one after the other: whether the failure is one of this file alone. */
export function isUnreadable(error: unknown): boolean {
  const meaning = MEANINGS[errorCode(error) ?? ''];
  return meaning === 'refused' || meaning === 'unreadable';
}

/** The file of an entry, open and not read, and how long it is. Whoever gets one calls `close`; until then its reader is counted. */
export interface EntryFile {
  readonly kind: 'file';
  readonly fd: number;
  readonly size: number;
  /** Idempotent. */
  close(): void;
}

type EntryPlace = Pick<Place, 'shard' | 'hash' | 'slot'>;

/** Opens what stands under the name of an entry if it is a regular file; no link is followed. Throws where it may not be opened. */
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

/** The same through the thread pool. One that may not be opened is no file. */
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
