import type { Access, Change, Overlap, Rewriting } from './access.js';
import type { Description } from './description.js';
import type { Mark } from './mark.js';
import type { Mapping } from './memory.js';
import type { Process } from './process.js';
import type { Truncation } from './truncation.js';

/** A lock on a file, mostly on a sidecar. */
export interface Lock {
  readonly mode: 'shared' | 'exclusive';
  readonly inode: Inode;
  /**
   * The owner: an open file description for flock(2) and OFD locks; a process for locks of fcntl(2), and for a
   * directory that is a lock.
   */
  readonly owner: Description | Process;
  readonly mark: Mark;
}

/** The sidecar of a data file, or of a folder of data files, and the locks on it. */
export class Guard {
  readonly sidecarPath: string;
  readonly holders: Lock[] = [];
  /** The first few processes that the log shows to lock it. */
  readonly users = new Set<Process>();

  constructor(sidecarPath: string) {
    this.sidecarPath = sidecarPath;
  }
}

/** A file: what descriptors and mappings refer to, whatever names it has. */
export class Inode {
  /** The last name it had. */
  path: string;
  /** Whether it still has that name. */
  linked = true;
  /** The line at which it lost its last name. */
  unlinked: Mark | undefined;
  guard: Guard | undefined;
  /** Bytes, as far as the log tells; NaN where it does not. */
  size = Number.NaN;
  /** Open descriptions. */
  opened = 0;
  #mappings: Set<Mapping> | undefined;
  /** The last truncation. */
  truncation: Truncation | undefined;
  /** The last few truncations while a process had it mapped. */
  readonly cuts: Truncation[] = [];
  /** The process that made the file still writes its first version: no process expects a whole file yet. */
  fresh = false;
  freshBy: Description | undefined;
  /**
   * An exchange has given its name to another version, and it the name of that one: it is not found at the path of the
   * file any more.
   */
  setAside = false;
  /** The rewrite that is under way, if there is one. */
  rewriting: Rewriting | undefined;
  /** Counts the changes of bytes that were there before. */
  changes = 0;
  lastChange: Change | undefined;
  /** Whether bytes have been changed that another process could see. */
  changedInPlace = false;
  /** Locks on the file itself. */
  readonly locks: Lock[] = [];
  /** By process. Made on demand. */
  accesses: Map<Process, Access> | undefined;
  overlaps: Map<string, Overlap> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Its mappings. Made on demand, since most of the many files are never mapped. */
  get mappings(): ReadonlySet<Mapping> {
    return this.#mappings ?? NOWHERE;
  }

  addMapping(mapping: Mapping): void {
    this.#mappings ??= new Set();
    this.#mappings.add(mapping);
  }

  removeMapping(mapping: Mapping): void {
    this.#mappings?.delete(mapping);
  }
}

const NOWHERE: ReadonlySet<Mapping> = new Set();
