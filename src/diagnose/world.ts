import { HalfCall } from './half-call.js';
import type { Manner, StepKind } from './report.js';

/** A line of the log that may become evidence, copied. */
export interface Mark {
  readonly pid: number;
  readonly tid: number;
  readonly kind: StepKind;
  readonly log: number;
  /** Where the call began. */
  readonly line: number;
  /** Order over all logs of where it began, and of where it ended: another line where it was interrupted. */
  readonly order: number;
  readonly ended: number;
  readonly timeMs: number;
  readonly text: string;
}

/** A process: what its threads have in common. */
export class Process {
  /** 0 where the log does not tell. */
  pid: number;
  program: string | undefined;
  /** Locks of fcntl(2) belong to the process. */
  readonly recordLocks: Lock[] = [];
  /** Set where the log shows how the process began; others may turn out to be a thread of a process that is known. */
  readonly born: boolean;

  constructor(pid: number, program: string | undefined, born: boolean) {
    this.pid = pid;
    this.program = program;
    this.born = born;
  }
}

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

/** What one process did to a file. */
export interface Access {
  readonly process: Process;
  readers: Tally | undefined;
  writers: Tally | undefined;
}

/** Accesses of one kind: how many, how many under a lock, and what the first one without looked like. */
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
  /** Held, but on a file that had lost its name. */
  unlinked: Evidence | undefined;
  unlinkedCount: number;
}

export interface Evidence {
  readonly marks: Mark[];
  readonly held: Lock[];
  readonly own: 'none' | 'shared' | 'exclusive';
  readonly lock: Lock | undefined;
}

/** A file that is being written over, from its beginning, through one descriptor. */
export interface Rewriting {
  readonly process: Process;
  readonly description: Description;
  readonly mark: Mark;
  readonly own: 'none' | 'shared' | 'exclusive';
  /** How far it has come. */
  upTo: number;
  /** Who read meanwhile; a finding if the writer went on. */
  readonly reads: { process: Process; marks: Mark[]; held: Lock[] }[];
}

export interface Change {
  readonly process: Process;
  readonly mark: Mark;
  readonly description: Description | undefined;
}

/** A read beside a change, by reader and writer. */
export interface Overlap {
  readonly reader: Process;
  readonly writer: Process;
  readonly marks: { mark: Mark; role: 'reader' | 'writer' }[];
  readonly held: Lock[];
  count: number;
}

/** That a file was made shorter. */
export class Truncation {
  readonly process: Process;
  readonly mark: Mark;
  readonly newSize: number;
  readonly oldSize: number;
  /** What it was done through, or what the same process wrote through first; `undefined` for truncate(2). */
  readonly description: Description | undefined;
  /** Whether the log shows that it had happened: the call has returned. In logs that were merged by time it is told by the next call. */
  complete: boolean;
  /** Whatever the culprit did to the file until it had been written again. */
  readonly after: Mark[] = [];
  /** Who held the sidecar. */
  readonly held: Lock[];
  readonly own: 'none' | 'shared' | 'exclusive';
  healed: Mark | undefined;
  /** Those who read nothing meanwhile; a finding if the file was written later. */
  readonly emptyReads: EmptyRead[] = [];

  constructor(init: {
    process: Process;
    mark: Mark;
    newSize: number;
    oldSize: number;
    description: Description | undefined;
    complete: boolean;
    held: Lock[];
    own: 'none' | 'shared' | 'exclusive';
  }) {
    this.process = init.process;
    this.mark = init.mark;
    this.newSize = init.newSize;
    this.oldSize = init.oldSize;
    this.description = init.description;
    this.complete = init.complete;
    this.held = init.held;
    this.own = init.own;
  }
}

export interface EmptyRead {
  readonly truncation: Truncation;
  readonly process: Process;
  readonly marks: Mark[];
  readonly held: Lock[];
  readonly own: 'none' | 'shared' | 'exclusive';
  count: number;
}

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

/** How a mapping came about; all of its parts and copies have it in common. */
export interface MapCall {
  /** Where it began, and the length that was asked for. */
  readonly address: number;
  readonly length: number;
  readonly offset: number;
  readonly mark: Mark;
  readonly opened: Mark | undefined;
  readonly looked: Mark | undefined;
  /** The length of the file, as that look said. */
  readonly sizeSeen: number;
  /** A truncation before the mapping that had not been made good by then. */
  readonly hole: Truncation | undefined;
}

/** A part of a file in the memory of a process. */
export class Mapping {
  readonly start: number;
  readonly end: number;
  /** Of `start`, in the file. */
  readonly offset: number;
  readonly inode: Inode;
  readonly memory: Memory;
  readonly call: MapCall;

  constructor(memory: Memory, inode: Inode, range: { start: number; end: number; offset: number }, call: MapCall) {
    this.memory = memory;
    this.inode = inode;
    this.start = range.start;
    this.end = range.end;
    this.offset = range.offset;
    this.call = call;
  }

  /** Some of its pages, at the same place, in this or another memory. */
  part(memory: Memory, start: number, end: number): Mapping {
    return this.moved(memory, start, end, start);
  }

  /** Some of its pages, beginning with `from`, at `start`. */
  moved(memory: Memory, start: number, end: number, from: number): Mapping {
    const offset = this.offset + from - this.start;
    return new Mapping(memory, this.inode, { start, end, offset }, this.call);
  }
}

/** Mapped files of an address space, shared by threads. */
export class Memory {
  readonly mappings = new Set<Mapping>();
  users = 1;
  process: Process;

  constructor(process: Process) {
    this.process = process;
  }
}

/** The working directory, shared by threads. */
export interface Folder {
  /** `undefined` where the log has not told it yet. */
  path: string | undefined;
}

/** A thread. */
export class Task {
  tid: number;
  process: Process;
  table: DescriptorTable;
  memory: Memory;
  folder: Folder;
  /** A call that was interrupted in the log. */
  readonly half = new HalfCall();
  /** What this thread's last call did, where only its next line shows that it has been done. */
  deferred: (() => void) | undefined;

  constructor(tid: number, process: Process, table: DescriptorTable, memory: Memory, folder: Folder) {
    this.tid = tid;
    this.process = process;
    this.table = table;
    this.memory = memory;
    this.folder = folder;
  }
}
