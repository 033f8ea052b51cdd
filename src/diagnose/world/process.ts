import { HalfCall } from '../strace/index.js';
import type { DescriptorTable } from './description.js';
import type { Lock } from './inode.js';
import type { Memory } from './memory.js';

/** A process: what its threads share. */
export class Process {
  /** 0 where the log does not tell. */
  pid: number;
  program: string | undefined;
  /** The locks of fcntl(2), which belong to the process. */
  readonly recordLocks: Lock[] = [];
  /** Whether the log shows how the process began. Another one may turn out to be a thread of a known process. */
  readonly born: boolean;

  constructor(pid: number, program: string | undefined, born: boolean) {
    this.pid = pid;
    this.program = program;
    this.born = born;
  }
}

/** The working directory, which threads share. */
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
  /** The effect of this thread's last call, where only its next line shows that the call has ended. */
  deferred: (() => void) | undefined;

  constructor(tid: number, process: Process, table: DescriptorTable, memory: Memory, folder: Folder) {
    this.tid = tid;
    this.process = process;
    this.table = table;
    this.memory = memory;
    this.folder = folder;
  }
}
