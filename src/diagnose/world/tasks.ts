import { type Description, DescriptorTable, type Slot } from './description.js';
import type { Lock } from './inode.js';
import { type Mapping, Memory } from './memory.js';
import { type Folder, Process, Task } from './process.js';

/** What a new task shares with the one that made it. */
export interface Sharing {
  readonly thread: boolean;
  readonly files: boolean;
  readonly memory: boolean;
  readonly folder: boolean;
}

/** As after fork(2). */
export const NOTHING_SHARED: Sharing = { thread: false, files: false, memory: false, folder: false };
/** The call that makes a task, as the log has it: `flags=CLONE_VM|CLONE_FS|...`, or a number with `-X raw`. */
export function sharingIn(call: string): Sharing {
  const number = /flags=((?:0x[0-9a-f]+\|?)+)/.exec(call)?.[1];
  const bits = (number ?? '0').split('|').reduce((sum, part) => sum | Number(part || 0), 0);
  return {
    thread: call.includes('CLONE_THREAD') || (bits & 0x10000) !== 0,
    files: call.includes('CLONE_FILES') || (bits & 0x400) !== 0,
    memory: call.startsWith('vfork') || /CLONE_VM\b/.test(call) || (bits & 0x100) !== 0,
    folder: /CLONE_FS\b/.test(call) || (bits & 0x200) !== 0,
  };
}

/** The most tasks. Beyond, the task that has been silent for longest is forgotten. */
const MOST_TASKS = 8_192;

/** What to do when something ends, besides forgetting it. */
export interface TaskEvents {
  /** The last reference to an open file description has ended. */
  released(description: Description): void;
  unmapped(mapping: Mapping): void;
  /** A process has ended, and with it a lock of its own. */
  unlocked(lock: Lock): void;
  ended(task: Task): void;
}

/** All threads that the log shows, with what they have open and mapped. */
export class Tasks {
  readonly #tasks = new Map<number, Task>();
  readonly #events: TaskEvents;
  #last: Task | undefined;

  constructor(events: TaskEvents) {
    this.#events = events;
  }

  get(tid: number): Task | undefined {
    if (this.#last?.tid === tid) return this.#last;
    const task = this.#tasks.get(tid);
    if (task !== undefined) this.#last = task;
    return task;
  }

  /** The only task, if there is exactly one. */
  only(): Task | undefined {
    if (this.#tasks.size !== 1) return undefined;
    for (const task of this.#tasks.values()) return task;
    return undefined;
  }

  all(): Iterable<Task> {
    return this.#tasks.values();
  }

  /** A task whose beginning the log does not show. */
  appear(tid: number): Task {
    const process = new Process(tid, undefined, false);
    return this.#add(new Task(tid, process, new DescriptorTable(), new Memory(process), { path: undefined }));
  }

  /** A task made by another one. */
  begin(tid: number, parent: Task, sharing: Sharing): Task {
    const old = this.#tasks.get(tid);
    if (old !== undefined) this.end(old);
    const process = sharing.thread ? parent.process : new Process(tid, parent.process.program, true);
    const table = sharing.files ? shared(parent.table) : this.#copyTable(parent.table);
    const memory = sharing.memory ? shared(parent.memory) : this.#copyMemory(parent.memory, process);
    const folder: Folder = sharing.folder ? parent.folder : { path: parent.folder.path };
    return this.#add(new Task(tid, process, table, memory, folder));
  }

  /** Gives a task what it inherited, when the log shows only later which task made it. */
  adopt(task: Task, parent: Task, sharing: Sharing): void {
    if (task.process.born || task === parent) return;
    const { table, memory } = task;
    if (sharing.thread) task.process = parent.process;
    else {
      const { process } = task;
      task.process = new Process(process.pid, process.program ?? parent.process.program, true);
      task.process.recordLocks.push(...process.recordLocks);
    }
    if (task.folder.path === undefined) task.folder = sharing.folder ? parent.folder : { path: parent.folder.path };
    const inherited = sharing.files ? shared(parent.table) : this.#copyTable(parent.table);
    for (const [fd, slot] of table.slots) this.put(inherited, fd, slot.description, slot.closeOnExec);
    this.#leaveTable(table);
    task.table = inherited;
    if (memory.mappings.size > 0 && !sharing.memory) return;
    this.#leaveMemory(memory);
    task.memory = sharing.memory ? shared(parent.memory) : this.#copyMemory(parent.memory, task.process);
  }

  /** Two tasks turn out to be threads of one process. */
  join(task: Task, other: Task): void {
    const { table, memory } = task;
    task.process = other.process;
    task.table = shared(other.table);
    task.memory = shared(other.memory);
    if (task.folder.path === undefined) task.folder = other.folder;
    for (const [fd, slot] of table.slots) {
      if (!task.table.slots.has(fd)) this.put(task.table, fd, slot.description, slot.closeOnExec);
    }
    this.#leaveTable(table);
    this.#leaveMemory(memory);
  }

  /** The only process of a log gets its id, which a call has told. */
  renumber(task: Task, tid: number): void {
    this.#tasks.delete(task.tid);
    this.#last = undefined;
    task.tid = tid;
    task.process.pid = tid;
    this.#tasks.set(tid, task);
  }

  end(task: Task): void {
    task.deferred?.();
    task.deferred = undefined;
    this.#tasks.delete(task.tid);
    if (this.#last === task) this.#last = undefined;
    this.#events.ended(task);
    const lastOfProcess = task.table.users === 1;
    this.#leaveTable(task.table);
    this.#leaveMemory(task.memory);
    if (lastOfProcess) for (const lock of task.process.recordLocks.splice(0)) this.#events.unlocked(lock);
  }

  /** Another thread of the process called execve(2): it goes on under the id of this one. */
  replaceBy(task: Task, successor: number): void {
    const other = this.#tasks.get(successor);
    const { tid } = task;
    if (other === undefined || other === task) return;
    this.end(task);
    this.#tasks.delete(successor);
    this.#last = undefined;
    other.tid = tid;
    this.#tasks.set(tid, other);
  }

  /** All threads of a process end. */
  endProcess(process: Process): void {
    for (const task of [...this.#tasks.values()]) if (task.process === process) this.end(task);
  }

  /** execve(2): a new memory, and its own descriptors without those that are close-on-exec. */
  execute(task: Task, program: string | undefined): void {
    if (program !== undefined) task.process.program = program;
    this.#leaveMemory(task.memory);
    task.memory = new Memory(task.process);
    if (task.table.users > 1) {
      const copy = this.#copyTable(task.table);
      this.#leaveTable(task.table);
      task.table = copy;
    }
    for (const [fd, slot] of task.table.slots) if (slot.closeOnExec) this.close(task.table, fd);
  }

  unshareTable(task: Task): void {
    if (task.table.users === 1) return;
    const copy = this.#copyTable(task.table);
    this.#leaveTable(task.table);
    task.table = copy;
  }

  put(table: DescriptorTable, fd: number, description: Description, closeOnExec: boolean): void {
    description.references += 1;
    if (description.table !== table) description.inherited = true;
    const old = table.slots.get(fd);
    table.slots.set(fd, { description, closeOnExec });
    if (old !== undefined) this.#release(old);
  }

  close(table: DescriptorTable, fd: number): Description | undefined {
    const slot = table.slots.get(fd);
    if (slot === undefined) return undefined;
    table.slots.delete(fd);
    this.#release(slot);
    return slot.description;
  }

  #release({ description }: Slot): void {
    description.references -= 1;
    if (description.references === 0) this.#events.released(description);
  }

  #add(task: Task): Task {
    this.#tasks.set(task.tid, task);
    this.#last = task;
    if (this.#tasks.size > MOST_TASKS) {
      for (const oldest of this.#tasks.values()) {
        if (oldest === task) continue;
        this.end(oldest);
        break;
      }
    }
    return task;
  }

  #copyTable(table: DescriptorTable): DescriptorTable {
    const copy = new DescriptorTable();
    for (const [fd, slot] of table.slots) {
      slot.description.references += 1;
      slot.description.inherited = true;
      copy.slots.set(fd, { description: slot.description, closeOnExec: slot.closeOnExec });
    }
    return copy;
  }

  #leaveTable(table: DescriptorTable): void {
    table.users -= 1;
    if (table.users > 0) return;
    for (const slot of table.slots.values()) this.#release(slot);
    table.slots.clear();
  }

  #copyMemory(memory: Memory, process: Process): Memory {
    const copy = new Memory(process);
    for (const mapping of memory.mappings) copyMapping(mapping, copy, mapping.start, mapping.end);
    return copy;
  }

  #leaveMemory(memory: Memory): void {
    memory.users -= 1;
    if (memory.users > 0) return;
    for (const mapping of memory.mappings) this.#events.unmapped(mapping);
    memory.mappings.clear();
  }
}

function shared<T extends { users: number }>(what: T): T {
  what.users += 1;
  return what;
}

/** A part of a mapping, in this or another memory. */
export function copyMapping(mapping: Mapping, memory: Memory, start: number, end: number): Mapping {
  const copy = mapping.part(memory, start, end);
  memory.mappings.add(copy);
  mapping.inode.addMapping(copy);
  return copy;
}
