import type { Manner } from '../report/index.js';
import type { Description } from './description.js';
import type { Lock } from './inode.js';
import type { Mark } from './mark.js';
import type { Process } from './process.js';

/** What one process did to a file. */
export interface Access {
  readonly process: Process;
  readers: Tally | undefined;
  writers: Tally | undefined;
}

/** Accesses of one kind: how many, how many under a lock, and the evidence of the first one without. */
export interface Tally {
  count: number;
  locked: number;
  /** The first lock that one of them was under. */
  lock: Mark | undefined;
  /** The first access of all. */
  first: Mark | undefined;
  readonly manners: Manner[];
  unlocked: Evidence | undefined;
  unlockedCount: number;
  /** The lock was held on a file that had lost its name. */
  unlinked: Evidence | undefined;
  unlinkedCount: number;
}

export interface Evidence {
  readonly marks: Mark[];
  readonly held: Lock[];
  readonly own: 'none' | 'shared' | 'exclusive';
  readonly lock: Lock | undefined;
}

/** A rewrite of a file in place, from its beginning, through one descriptor. */
export interface Rewriting {
  readonly process: Process;
  readonly description: Description;
  readonly mark: Mark;
  readonly own: 'none' | 'shared' | 'exclusive';
  /** The position that it has reached. */
  upTo: number;
  /** Reads in the meantime. They are a finding if the writer goes on. */
  readonly reads: { process: Process; marks: Mark[]; held: Lock[] }[];
}

export interface Change {
  readonly process: Process;
  readonly mark: Mark;
  readonly description: Description | undefined;
}

/** A read during a change, with its reader and writer. */
export interface Overlap {
  readonly reader: Process;
  readonly writer: Process;
  readonly marks: { mark: Mark; role: 'reader' | 'writer' }[];
  readonly held: Lock[];
  count: number;
}
