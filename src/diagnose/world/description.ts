import type { Evidence } from './access.js';
import type { Inode, Lock } from './inode.js';
import type { Mark } from './mark.js';

/** An open file description: what `dup` and `fork` share. */
export class Description {
  /** `undefined` for what is no file that could be shared: pipes, sockets, /proc, /dev. */
  readonly inode: Inode | undefined;
  readonly path: string;
  readonly flags: number;
  readonly opened: Mark | undefined;
  /** The table it was opened in. */
  readonly table: DescriptorTable;
  /** Whether other tables have it too. */
  inherited = false;
  references = 0;
  /** Where the next read or write takes place; NaN where the log does not tell. */
  offset: number;
  /** The last look at the length, and what it said. */
  looked: Mark | undefined;
  sizeSeen = Number.NaN;
  /** Reads in one go from the beginning on: where they have come to, and what the file's `changes` were at the first. */
  readUpTo = 0;
  changesAtFirstRead = -1;
  firstRead: Mark | undefined;
  /** Whether reads and writes through it are in the file's accesses. */
  readNoted = false;
  writeNoted = false;
  /** Whether an access in the middle of its life, without the lock that it had at first, has been counted. */
  lateNoted = false;
  wrote = false;
  /** The file was made shorter through it. */
  emptied = false;
  /** It was emptied by opening it, without the lock; what comes of it is not known yet. */
  emptiedUnlocked: Evidence | undefined;
  lock: Lock | undefined;

  constructor(
    table: DescriptorTable,
    inode: Inode | undefined,
    path: string,
    flags: number,
    opened: Mark | undefined,
    offset: number,
  ) {
    this.table = table;
    this.inode = inode;
    this.path = path;
    this.flags = flags;
    this.opened = opened;
    this.offset = offset;
  }
}

export interface Slot {
  readonly description: Description;
  closeOnExec: boolean;
}

/** Descriptors, shared by threads. */
export class DescriptorTable {
  readonly slots = new Map<number, Slot>();
  users = 1;
}
