import type { Evidence } from './access.js';
import type { Inode, Lock } from './inode.js';
import type { Mark } from './mark.js';

/** An open file description, which `dup` and `fork` share. */
export class Description {
  /** `undefined` where it is no file that processes could share: a pipe, a socket, /proc, /dev. */
  readonly inode: Inode | undefined;
  readonly path: string;
  readonly flags: number;
  readonly opened: Mark | undefined;
  /** The table of descriptors that it was opened in. */
  readonly table: DescriptorTable;
  /** Whether other tables refer to it as well. */
  inherited = false;
  references = 0;
  /** The position of the next read or write; NaN where the log does not tell. */
  offset: number;
  /** The last time that a process asked for the length, and the answer. */
  looked: Mark | undefined;
  sizeSeen = Number.NaN;
  /**
   * Sequential reads from the beginning: the position they have reached, and the file's `changes` at the first of them.
   */
  readUpTo = 0;
  changesAtFirstRead = -1;
  firstRead: Mark | undefined;
  /** Whether its reads and writes have been counted as accesses of the file. */
  readNoted = false;
  writeNoted = false;
  /** Whether an access has been counted that came after the first lock was given up. */
  lateNoted = false;
  wrote = false;
  /** Whether the file was truncated through it. */
  emptied = false;
  /** The open emptied the file without the lock. Whether that is a finding is not known yet. */
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
