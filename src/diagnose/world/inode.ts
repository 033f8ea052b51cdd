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
  /** flock(2) and OFD locks belong to an open file description, those of fcntl(2), and directories made as a lock, to a process. */
  readonly owner: Description | Process;
  readonly mark: Mark;
}

/** The sidecar of a data file, or of a folder of them, and who holds it. */
export class Guard {
  readonly sidecarPath: string;
  readonly holders: Lock[] = [];
  /** Those whom the log shows locking it, the first few. */
  readonly users = new Set<Process>();

  constructor(sidecarPath: string) {
    this.sidecarPath = sidecarPath;
  }
}

/** A file, whatever it is called: names come and go, this is what descriptors and mappings refer to. */
export class Inode {
  /** The last name it had. */
  path: string;
  /** Whether it still has that name. */
  linked = true;
  /** Where the log shows it losing its last name. */
  unlinked: Mark | undefined;
  guard: Guard | undefined;
  /** Bytes, as far as the log tells; NaN where it does not. */
  size = Number.NaN;
  /** Open descriptions. */
  opened = 0;
  #mappings: Set<Mapping> | undefined;
  /** The last time that it was made shorter. */
  truncation: Truncation | undefined;
  /** The last few that there were while somebody had it mapped. */
  readonly cuts: Truncation[] = [];
  /** Made by somebody who still writes the first version of it: nobody expects a whole file there yet. */
  fresh = false;
  freshBy: Description | undefined;
  /** It lost its name to another version in one step, and has been given that one's: nobody finds it who looks for the file. */
  setAside = false;
  /** Somebody is writing it from the beginning on, over what was there. */
  rewriting: Rewriting | undefined;
  /** Goes up with every change of bytes that were there before. */
  changes = 0;
  lastChange: Change | undefined;
  /** Whether bytes that others could see were changed. */
  changedInPlace = false;
  /** Locks on the file itself. */
  readonly locks: Lock[] = [];
  /** By process. Made when needed. */
  accesses: Map<Process, Access> | undefined;
  overlaps: Map<string, Overlap> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Where it is mapped. Most files never are, and there are many. */
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
