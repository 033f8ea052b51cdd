import type { Order } from '../logs/index.js';
import type { StepKind } from '../report/index.js';
import type { StraceLine } from '../strace/index.js';
import {
  type Death,
  type Description,
  type Guard,
  type Inode,
  type Lock,
  type Mapping,
  type Mark,
  Names,
  type Process,
  type Sharing,
  SIDECAR_SUFFIX,
  sharingIn,
  type Task,
  Tasks,
} from '../world/index.js';
import { Findings } from './findings.js';

/** The most characters of a call that are kept as evidence. */
const LONGEST_TEXT = 200;
/** The most threads of unknown origin that are searched for one that shares a descriptor. */
const MOST_SHARERS = 64;
const MOST_AWAITED = 10_000;
const TRUNCATING = /^(?:open.*O_TRUNC|creat|f?truncate)/;

/** Judges a file when it is of no interest any more. */
export type Judge = (inquiry: Inquiry, inode: Inode) => void;

/** What is known at one point of the log: what each process has open, mapped and locked, and the findings so far. */
export class Inquiry {
  readonly findings: Findings;
  readonly names: Names;
  readonly tasks: Tasks;
  /**
   * Whether the lines come from several logs, ordered by the times at which calls began. Then only the next line of a
   * thread shows that a call of it has ended.
   */
  readonly merged: boolean;
  order: Order;
  /** Threads in the middle of a call that makes another thread. */
  readonly cloning = new Set<Task>();
  /** Children that were seen before the call that made them returned. */
  readonly #awaited = new Set<number>();
  /** The present position. `line` is the one at which the present call began. */
  log = 0;
  line = 0;
  /** Counts the lines. */
  now = 0;
  /** `now` when the present call began: earlier for one that was interrupted. */
  begun = 0;
  timeMs = Number.NaN;
  /** The process of lines that do not name one. */
  defaultPid = 0;
  /** Called with every process that is made. */
  onBegan: (pid: number) => void = () => {};
  /** Deaths whose cause may come later in the logs, where the order is not known. */
  readonly openDeaths: Death[] = [];
  /** The last SIGBUS of each process, until it ends. */
  readonly deaths = new Map<Process, Death>();

  readonly #judge: Judge;

  constructor(logNames: readonly string[], order: Order, merged: boolean, judge: Judge) {
    this.#judge = judge;
    this.findings = new Findings(logNames);
    this.order = order;
    this.merged = merged;
    this.names = new Names((inode) => this.judge(inode));
    this.tasks = new Tasks({
      released: (description) => this.#released(description),
      unmapped: (mapping) => this.unmapped(mapping),
      unlocked: (lock) => this.unlocked(lock),
      ended: (task) => {
        this.cloning.delete(task);
        this.deaths.delete(task.process);
      },
    });
  }

  /** Keeps the present line as evidence. */
  mark(task: Task, kind: StepKind, line: StraceLine): Mark {
    return {
      pid: task.process.pid,
      tid: task.tid,
      kind,
      log: this.log,
      line: this.line,
      order: this.begun,
      ended: this.now,
      timeMs: this.timeMs,
      text: line.text(LONGEST_TEXT),
    };
  }

  /** To be called when no name and no descriptor refers to this file any more, or the log has ended. */
  judge(inode: Inode): void {
    this.#judge(this, inode);
  }

  unmapped(mapping: Mapping): void {
    mapping.inode.removeMapping(mapping);
    this.names.released(mapping.inode);
  }

  /** Removes a lock. */
  unlocked(lock: Lock): void {
    remove(lock.inode.locks, lock);
    const guard = this.guardOfSidecar(lock.inode);
    if (guard !== undefined) remove(guard.holders, lock);
  }

  /**
   * The guard whose sidecar this file is, if it is one. A sidecar that was unlinked counts too: its use is a finding.
   */
  guardOfSidecar(inode: Inode): Guard | undefined {
    return inode.path.endsWith(SIDECAR_SUFFIX) ? this.names.guardAt(inode.path) : undefined;
  }

  /** The thread that a line is about. One that was not known may be the child of a call that is under way. */
  taskOf(pid: number): Task {
    const known = this.tasks.get(pid);
    if (known !== undefined) return known;
    const parent = this.#onlyParentUnderWay();
    if (parent === undefined) return this.tasks.appear(pid);
    if (this.#awaited.size >= MOST_AWAITED) this.#awaited.clear();
    this.#awaited.add(pid);
    return this.tasks.begin(pid, parent, sharingIn(parent.half.text()));
  }

  /** clone(2) or a similar call returned a child. */
  began(parent: Task, tid: number, sharing: Sharing): void {
    this.onBegan(tid);
    if (this.#awaited.delete(tid)) return;
    const known = this.tasks.get(tid);
    if (known !== undefined && !known.process.born) this.tasks.adopt(known, parent, sharing);
    else this.tasks.begin(tid, parent, sharing);
  }

  /** Sets the id of the only process of a log that names none, where a call tells it. */
  learnPid(task: Task, pid: number): void {
    if (task.tid !== 0 || this.defaultPid !== 0 || !(pid > 0)) return;
    this.defaultPid = pid;
    this.tasks.renumber(task, pid);
  }

  /** Another thread that has opened this descriptor, where it is not known how the two are related. */
  sharerOf(task: Task, fd: number, path: string): Task | undefined {
    if (task.process.born) return undefined;
    let looked = 0;
    for (const other of this.tasks.all()) {
      looked += 1;
      if (looked > MOST_SHARERS) return undefined;
      if (other.table === task.table || other.process.born) continue;
      const description = other.table.slots.get(fd)?.description;
      if (description?.opened !== undefined && description.path === path) return other;
    }
    return undefined;
  }

  /** A call that truncates this file, and has not returned yet. */
  truncationUnderWay(inode: Inode): { process: Process; mark: Mark } | undefined {
    for (const task of this.tasks.all()) {
      const { half } = task;
      if (!half.begun) continue;
      const text = half.text();
      if (!TRUNCATING.test(text) || !(text.includes(`"${inode.path}"`) || this.#isOpenAs(task, text, inode))) continue;
      const mark: Mark = {
        pid: task.process.pid,
        tid: task.tid,
        kind: 'truncate',
        log: this.log,
        line: half.line,
        order: half.order,
        ended: this.now,
        timeMs: half.timeMs,
        text: text.slice(0, LONGEST_TEXT),
      };
      return { process: task.process, mark };
    }
    return undefined;
  }

  #isOpenAs(task: Task, text: string, inode: Inode): boolean {
    const fd = /^ftruncate(?:64)?\((\d+)/.exec(text)?.[1];
    return fd !== undefined && task.table.slots.get(Number(fd))?.description.inode === inode;
  }

  #onlyParentUnderWay(): Task | undefined {
    if (this.cloning.size !== 1) return undefined;
    for (const task of this.cloning) return task;
    return undefined;
  }

  /** The end of the log. */
  finish(): void {
    for (const task of this.tasks.all()) {
      task.deferred?.();
      task.deferred = undefined;
    }
    const inodes = new Set(this.names.all());
    for (const task of this.tasks.all()) {
      for (const { description } of task.table.slots.values()) if (description.inode) inodes.add(description.inode);
      for (const { inode } of task.memory.mappings) inodes.add(inode);
    }
    for (const inode of inodes) this.judge(inode);
  }

  #released(description: Description): void {
    if (description.lock !== undefined) {
      this.unlocked(description.lock);
      description.lock = undefined;
    }
    const { inode } = description;
    if (inode === undefined) return;
    inode.opened -= 1;
    if (inode.rewriting?.description === description) inode.rewriting = undefined;
    if (inode.truncation?.description === description) {
      // Emptied and then closed: the file was meant to be empty.
      if (inode.truncation.healed === undefined) inode.truncation.emptyReads.length = 0;
    }
    if (inode.freshBy === description) {
      inode.fresh = false;
      inode.freshBy = undefined;
    }
    this.names.released(inode);
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index !== -1) list.splice(index, 1);
}
