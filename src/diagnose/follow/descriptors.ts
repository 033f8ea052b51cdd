import type { Inquiry } from '../evidence/index.js';
import {
  annotationOf,
  argumentText,
  holds,
  numberOf,
  Open,
  openFlags,
  quoted,
  resultAnnotation,
  type StraceLine,
} from '../strace/index.js';
import { Description, type Inode, isShareable, resolvePath, type Task } from '../world/index.js';
import { closedForLocks, recordLocked } from './locking.js';
import { countEmptied, truncated } from './writing.js';

/** Calls that open, copy and close descriptors, and what a descriptor refers to. */

export function pathAt(task: Task, line: StraceLine, index: number): string | undefined {
  const path = quoted(line, index);
  return path === undefined || path === '' ? undefined : resolvePath(task.folder.path, path);
}

/** A path that is relative to a directory's descriptor. */
export function pathFrom(task: Task, line: StraceLine, folder: number, index: number): string | undefined {
  const path = quoted(line, index);
  if (path === undefined || path === '') return undefined;
  if (path.charCodeAt(0) === 47) return resolvePath(undefined, path);
  const fd = numberOf(line, folder);
  const here = Number.isNaN(fd) || fd === -100;
  const annotated = annotationOf(line, folder)?.path;
  if (here) {
    if (annotated !== undefined) task.folder.path = annotated;
    return resolvePath(task.folder.path, path);
  }
  return resolvePath(annotated ?? task.table.slots.get(fd)?.description.path, path);
}

export function flagsAt(line: StraceLine, index: number): number {
  return openFlags(
    line.bytes,
    line.argumentStart[index] ?? 0,
    index < line.argumentCount ? (line.argumentEnd[index] ?? 0) : 0,
  );
}

/** `{flags=O_RDWR|O_CREAT, mode=0666, resolve=0}`. */
export function flagsOfHow(line: StraceLine): number {
  if (line.argumentCount < 3) return 0;
  const start = line.argumentStart[2] ?? 0;
  const end = line.argumentEnd[2] ?? 0;
  const comma = line.bytes.indexOf(44, start);
  return openFlags(line.bytes, start, comma === -1 || comma > end ? end : comma);
}

export function opened(inquiry: Inquiry, task: Task, line: StraceLine, path: string | undefined, flags: number): void {
  const annotation = resultAnnotation(line);
  const real = annotation?.path ?? path;
  const { tasks, names } = inquiry;
  const closeOnExec = (flags & Open.closeOnExec) !== 0;
  if (real === undefined) {
    tasks.close(task.table, line.result);
    return;
  }
  const follow = isShareable(real) && (flags & (Open.directory | Open.path)) === 0;
  if (!follow) {
    tasks.put(task.table, line.result, new Description(task.table, undefined, real, flags, undefined, 0), closeOnExec);
    return;
  }
  const known = names.get(real) !== undefined;
  const inode = names.at(real);
  const mark = inquiry.mark(task, flags & Open.truncate && flags & Open.writes ? 'truncate' : 'open', line);
  const description = new Description(task.table, inode, real, flags, mark, 0);
  inode.opened += 1;
  tasks.put(task.table, line.result, description, closeOnExec);
  const makes =
    (flags & Open.create) !== 0 &&
    ((flags & Open.exclusive) !== 0 || ((flags & Open.truncate) !== 0 && !known && inquiry.order === 'exact'));
  if (makes) {
    inode.fresh = true;
    inode.freshBy = description;
    inode.size = 0;
  } else if (beginsAnew(inode, flags)) {
    inquiry.judge(inode);
    inode.setAside = false;
    inode.changedInPlace = false;
    inode.fresh = true;
    inode.freshBy = description;
  } else if (flags & Open.truncate && flags & Open.writes) truncated(inquiry, task, inode, 0, description, line);
}

/**
 * Whether a version that was set aside is opened for writing while no other process has it open. Then it is a new file
 * to all processes. FileCache recycles files in this way.
 */
function beginsAnew(inode: Inode, flags: number): boolean {
  return inode.setAside && (flags & Open.writes) !== 0 && inode.opened === 1 && inode.mappings.size === 0;
}

/**
 * The description of a descriptor. Where the log does not show its open, the path that `-y` prints is used, if there is
 * one.
 */
export function descriptionAt(inquiry: Inquiry, task: Task, line: StraceLine, index: number): Description | undefined {
  const fd = numberOf(line, index);
  const slot = task.table.slots.get(fd);
  if (slot !== undefined && (!inquiry.merged || inquiry.order === 'exact')) return slot.description;
  const annotation = annotationOf(line, index);
  if (annotation === undefined) return slot?.description;
  // Where the order of the lines is not known, the descriptor may refer to another file by now.
  if (slot !== undefined && (slot.description.path === annotation.path || annotation.deleted)) return slot.description;
  if (slot !== undefined && slot.description.inode?.path === annotation.path) return slot.description;
  const other = inquiry.sharerOf(task, fd, annotation.path);
  if (other !== undefined) {
    inquiry.tasks.join(task, other);
    return task.table.slots.get(fd)?.description;
  }
  return foundOpen(inquiry, task, fd, annotation.path, annotation.deleted);
}

/** A descriptor that was open before the log began. */
export function foundOpen(inquiry: Inquiry, task: Task, fd: number, path: string, deleted: boolean): Description {
  const follow = isShareable(path);
  const inode = follow ? (deleted ? inquiry.names.nameless(path) : inquiry.names.at(path)) : undefined;
  const description = new Description(task.table, inode, path, Open.writes, undefined, Number.NaN);
  if (inode !== undefined) inode.opened += 1;
  inquiry.tasks.put(task.table, fd, description, false);
  return description;
}

export function closed(inquiry: Inquiry, task: Task, fd: number): void {
  const slot = task.table.slots.get(fd);
  if (slot === undefined) return;
  const { description } = slot;
  const { inode } = description;
  if (inode !== undefined) {
    if (description.emptiedUnlocked !== undefined && description.references === 1) {
      countEmptied(task, description, inode, description.emptiedUnlocked);
      description.emptiedUnlocked = undefined;
    }
    if (task.process.recordLocks.length > 0) closedForLocks(inquiry, task, inode);
  }
  inquiry.tasks.close(task.table, fd);
}

export function closeRange(inquiry: Inquiry, task: Task, line: StraceLine): void {
  const first = numberOf(line, 0);
  const last = numberOf(line, 1);
  const onExec = holds(line, 2, 'CLOEXEC') || numberOf(line, 2) === 4;
  if (holds(line, 2, 'UNSHARE') || numberOf(line, 2) === 2) inquiry.tasks.unshareTable(task);
  for (const [fd, slot] of [...task.table.slots]) {
    if (fd < first || (last >= 0 && fd > last)) continue;
    if (onExec) slot.closeOnExec = true;
    else closed(inquiry, task, fd);
  }
}

export function duplicated(
  inquiry: Inquiry,
  task: Task,
  line: StraceLine,
  from: number,
  to: number,
  closeOnExec: boolean,
): void {
  if (from === to) return;
  const description = descriptionAt(inquiry, task, line, 0);
  if (description === undefined) closed(inquiry, task, to);
  else {
    const old = task.table.slots.get(to)?.description;
    if (old === description) return;
    if (old !== undefined) closed(inquiry, task, to);
    inquiry.tasks.put(task.table, to, description, closeOnExec);
  }
}

const LOCKING = /^F_(OFD_)?SETLKW?(?:64)?$/;
/** fcntl(2) commands by number, as `-X raw` prints them. */
const COMMANDS = new Map([
  [0, 'F_DUPFD'],
  [2, 'F_SETFD'],
  [6, 'F_SETLK'],
  [7, 'F_SETLKW'],
  [37, 'F_OFD_SETLK'],
  [38, 'F_OFD_SETLKW'],
  [1030, 'F_DUPFD_CLOEXEC'],
]);

export function fcntl(inquiry: Inquiry, task: Task, line: StraceLine): void {
  const number = numberOf(line, 1);
  const command = Number.isNaN(number) ? argumentText(line, 1) : (COMMANDS.get(number) ?? '');
  if (command === 'F_DUPFD' || command === 'F_DUPFD_CLOEXEC') {
    duplicated(inquiry, task, line, numberOf(line, 0), line.result, command === 'F_DUPFD_CLOEXEC');
  } else if (command === 'F_SETFD') {
    const slot = task.table.slots.get(numberOf(line, 0));
    if (slot !== undefined) slot.closeOnExec = holds(line, 2, 'FD_CLOEXEC') || numberOf(line, 2) === 1;
  } else {
    const locking = LOCKING.exec(command);
    if (locking === null) return;
    const description = descriptionAt(inquiry, task, line, 0);
    if (description !== undefined)
      recordLocked(inquiry, task, description, locking[1] ? 'description' : 'process', line);
  }
}
