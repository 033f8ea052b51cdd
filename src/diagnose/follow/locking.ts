import { ADVICE, capital, type Inquiry, printablePath, processName } from '../evidence/index.js';
import type { Manner } from '../report/index.js';
import { argumentText, holds, numberOf, type StraceLine } from '../strace/index.js';
import type { Access, Description, Evidence, Guard, Inode, Lock, Mark, Process, Tally, Task } from '../world/index.js';

/** The most processes whose accesses to one file are counted separately. */
const MOST_PROCESSES = 64;

/** The lock that a thread's process holds for a file: on its sidecar, or on that of its shard. */
export interface Own {
  readonly mode: 'none' | 'shared' | 'exclusive';
  /** The lock that counts. */
  readonly lock: Lock | undefined;
  /** The lock was held on a sidecar that has lost its name: it excludes no later process. */
  readonly stale: Lock | undefined;
}

const NONE: Own = { mode: 'none', lock: undefined, stale: undefined };

export function ownLock(task: Task, inode: Inode): Own {
  const { guard } = inode;
  if (guard === undefined || guard.holders.length === 0) return NONE;
  let best: Lock | undefined;
  let stale: Lock | undefined;
  for (const lock of guard.holders) {
    if (!belongsTo(lock, task)) continue;
    if (!lock.inode.linked) stale = lock;
    else if (best === undefined || lock.mode === 'exclusive') best = lock;
  }
  return best === undefined && stale === undefined ? NONE : { mode: best?.mode ?? 'none', lock: best, stale };
}

/** Whether this thread's process holds any lock on the file itself. */
export function locksFileItself(task: Task, inode: Inode): boolean {
  return inode.locks.some((lock) => belongsTo(lock, task));
}

function belongsTo({ owner }: Lock, task: Task): boolean {
  if (!('table' in owner)) return owner === task.process;
  if (!owner.inherited) return owner.table === task.table;
  for (const { description } of task.table.slots.values()) if (description === owner) return true;
  return false;
}

/** Locks on the sidecar of a file, as they are now. */
export function heldNow({ guard }: Inode): Lock[] {
  return guard === undefined ? [] : guard.holders.slice(0, 16);
}

/** A flock(2) that returned 0. */
export function flocked(inquiry: Inquiry, task: Task, description: Description, line: StraceLine): void {
  const operation = argumentText(line, 1);
  const number = numberOf(line, 1);
  if (operation.includes('LOCK_UN') || number === 8 || number === 12) {
    release(inquiry, description);
    return;
  }
  const exclusive = operation.includes('LOCK_EX') || (number & ~4) === 2;
  release(inquiry, description);
  description.lock = take(inquiry, task, description, description, exclusive ? 'exclusive' : 'shared', line);
}

/**
 * An fcntl(2) with F_SETLK, F_SETLKW or their OFD forms that returned 0. Ranges do not matter, since a sidecar is
 * empty.
 */
export function recordLocked(
  inquiry: Inquiry,
  task: Task,
  description: Description,
  owner: 'process' | 'description',
  line: StraceLine,
): void {
  const { process } = task;
  const { inode } = description;
  if (owner === 'description') release(inquiry, description);
  else {
    const old = process.recordLocks.find((lock) => lock.inode === inode);
    if (old !== undefined) {
      process.recordLocks.splice(process.recordLocks.indexOf(old), 1);
      inquiry.unlocked(old);
    }
  }
  if (holds(line, 2, 'F_UNLCK')) return;
  const mode = holds(line, 2, 'F_WRLCK') ? 'exclusive' : 'shared';
  if (owner === 'description') description.lock = take(inquiry, task, description, description, mode, line);
  else {
    const lock = take(inquiry, task, description, process, mode, line);
    if (lock !== undefined) process.recordLocks.push(lock);
  }
}

/** Records that a process locks a sidecar. Two are enough: then every process has another one beside it. */
function use({ users }: Guard, process: Process): void {
  if (users.size < 2) users.add(process);
}

/** A directory as a lock: `<path>.lock` made with mkdir(2), as the package proper-lockfile does. */
export function madeDirectory(inquiry: Inquiry, task: Task, path: string, line: StraceLine): void {
  const guard = inquiry.names.guardAt(path);
  if (guard === undefined) return;
  const lock: Lock = {
    mode: 'exclusive',
    inode: inquiry.names.at(path),
    owner: task.process,
    mark: inquiry.mark(task, 'lock', line),
  };
  use(guard, task.process);
  guard.holders.push(lock);
  task.process.recordLocks.push(lock);
}

export function removedDirectory(inquiry: Inquiry, path: string): void {
  const guard = inquiry.names.guardAt(path);
  for (const lock of [...(guard?.holders ?? [])]) {
    if (lock.inode.path !== path || 'table' in lock.owner) continue;
    inquiry.unlocked(lock);
    lock.owner.recordLocks.splice(lock.owner.recordLocks.indexOf(lock), 1);
  }
  inquiry.names.remove(path);
}

/** To close any descriptor of a file gives up the locks of fcntl(2) that the process holds on it. */
export function closedForLocks(inquiry: Inquiry, task: Task, inode: Inode): void {
  const { recordLocks } = task.process;
  for (const lock of [...recordLocks]) {
    if (lock.inode !== inode) continue;
    recordLocks.splice(recordLocks.indexOf(lock), 1);
    inquiry.unlocked(lock);
  }
}

function release(inquiry: Inquiry, description: Description): void {
  if (description.lock === undefined) return;
  inquiry.unlocked(description.lock);
  description.lock = undefined;
}

function take(
  inquiry: Inquiry,
  task: Task,
  description: Description,
  owner: Description | Process,
  mode: 'shared' | 'exclusive',
  line: StraceLine,
): Lock | undefined {
  const { inode } = description;
  if (inode === undefined) return undefined;
  const lock: Lock = { mode, inode, owner, mark: inquiry.mark(task, 'lock', line) };
  inode.locks.push(lock);
  const guard = inquiry.guardOfSidecar(inode);
  if (guard !== undefined) {
    use(guard, task.process);
    guard.holders.push(lock);
  }
  lookForLateLock(inquiry, task, lock);
  return lock;
}

/** A process took the lock after it had emptied the file, and before it wrote it. */
function lookForLateLock(inquiry: Inquiry, task: Task, lock: Lock): void {
  for (const { description } of task.table.slots.values()) {
    const evidence = description.emptiedUnlocked;
    const { inode } = description;
    if (evidence === undefined || inode === undefined) continue;
    const guard = inquiry.guardOfSidecar(lock.inode);
    if (lock.inode !== inode && (guard === undefined || inode.guard !== guard)) continue;
    description.emptiedUnlocked = undefined;
    const key = `lock-after-truncate ${inode.path} ${task.process.pid}`;
    if (inquiry.findings.again(key)) continue;
    const own = lock.inode === inode ? 'the file itself' : 'its sidecar';
    const emptied = evidence.marks.at(-1);
    inquiry.findings.add(key, {
      kind: 'lock-after-truncate',
      path: inode.path,
      culprit: { process: task.process, mark: emptied, own: 'none' },
      steps: [...evidence.marks, lock.mark].map((mark) => ({ mark, role: 'culprit' })),
      held: evidence.held,
      message: `${capital(processName(task.process))} locked ${own} at line ${lock.mark.line}, but it had emptied ${printablePath(inode.path)} with O_TRUNC at line ${emptied?.line} already: whoever read it before the lock could be granted saw nothing, and whoever had mapped it may die.`,
      advice: ADVICE.late(`${printablePath(inode.path)}.lock`),
    });
  }
}

/** The accesses of one process to one file. `undefined` where the file has too many processes. */
export function accessOf(inode: Inode, process: Process): Access | undefined {
  inode.accesses ??= new Map();
  let access = inode.accesses.get(process);
  if (access === undefined) {
    if (inode.accesses.size >= MOST_PROCESSES) return undefined;
    access = { process, readers: undefined, writers: undefined };
    inode.accesses.set(process, access);
  }
  return access;
}

/** The accesses of a process to a file, as a reader or as a writer. */
export function tallyOf(access: Access, role: 'readers' | 'writers'): Tally {
  access[role] ??= newTally();
  return access[role];
}

function newTally(): Tally {
  return {
    count: 0,
    locked: 0,
    lock: undefined,
    first: undefined,
    manners: [],
    unlocked: undefined,
    unlockedCount: 0,
    unlinked: undefined,
    unlinkedCount: 0,
  };
}

/** Counts one access, and keeps the evidence of the first one without the lock that it needs. */
export function tally(
  counts: Tally,
  manner: Manner,
  inode: Inode,
  own: Own,
  needed: 'shared' | 'exclusive',
  marks: () => Mark[],
): void {
  counts.count += 1;
  if (!counts.manners.includes(manner)) counts.manners.push(manner);
  counts.first ??= marks().at(-1);
  const enough = own.mode === 'exclusive' || (own.mode === 'shared' && needed === 'shared');
  if (enough) {
    counts.locked += 1;
    counts.lock ??= own.lock?.mark;
    return;
  }
  if (own.stale !== undefined) {
    counts.unlinkedCount += 1;
    counts.unlinked ??= evidence(inode, own, marks());
    return;
  }
  counts.unlockedCount += 1;
  counts.unlocked ??= evidence(inode, own, marks());
}

export function evidence(inode: Inode, own: Own, marks: Mark[]): Evidence {
  return { marks, held: heldNow(inode), own: own.mode, lock: own.lock ?? own.stale };
}
