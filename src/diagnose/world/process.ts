import { HalfCall } from '../strace/index.js';
import type { DescriptorTable } from './description.js';
import type { Lock } from './inode.js';
import type { Memory } from './memory.js';

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
