import {
  annotationOf,
  argumentText,
  holds,
  numberAt,
  numberOf,
  Open,
  openFlags,
  quoted,
  resultAnnotation,
} from './arguments.js';
import type { CallName } from './calls.js';
import { isDigit, OPEN_BRACKET, standsThere } from './characters.js';
import { closedForLocks, flocked, madeDirectory, recordLocked, removedDirectory } from './locking.js';
import { mapped, pagesEnd, remapped, unmapRange } from './mapping.js';
import { isShareable, resolvePath } from './names.js';
import { nothingRead, readBytes } from './reading.js';
import type { StraceLine } from './strace-line.js';
import { NOTHING_SHARED, type Sharing, sharingIn } from './tasks.js';
import type { Trace } from './trace.js';
import { Description, type Inode, type Task } from './world.js';
import { countEmptied, grown, truncated, wroteBytes } from './writing.js';

/** What a call does to what is known. Only calls that did not fail get here, unless the handler is in {@link WHEN_FAILED}. */
export type Handler = (trace: Trace, task: Task, line: StraceLine) => void;

export const HANDLERS: Readonly<Record<CallName, Handler>> = {
  open: (trace, task, line) => opened(trace, task, line, pathAt(task, line, 0), flagsAt(line, 1)),
  openat: (trace, task, line) => opened(trace, task, line, pathFrom(task, line, 0, 1), flagsAt(line, 2)),
  openat2: (trace, task, line) => opened(trace, task, line, pathFrom(task, line, 0, 1), flagsOfHow(line)),
  creat: (trace, task, line) => opened(trace, task, line, pathAt(task, line, 0), 1 | Open.create | Open.truncate),
  close: (trace, task, line) => closed(trace, task, numberOf(line, 0)),
  closeRange,
  dup: (trace, task, line) => duplicated(trace, task, line, numberOf(line, 0), line.result, false),
  dup2: (trace, task, line) =>
    duplicated(trace, task, line, numberOf(line, 0), line.result, holds(line, 2, 'O_CLOEXEC')),
  fcntl,
  read(trace, task, line) {
    const description = descriptionAt(trace, task, line, 0);
    if (description === undefined || numberOf(line, 2) === 0) return;
    const { offset } = description;
    description.offset += line.result;
    readBytes(trace, task, description, offset, line.result, line);
  },
  pread: (trace, task, line) => readAt(trace, task, line, numberOf(line, 3)),
  preadv2: (trace, task, line) => readAt(trace, task, line, numberOf(line, 3)),
  write(trace, task, line) {
    const description = descriptionAt(trace, task, line, 0);
    if (description?.inode === undefined) return;
    const { offset } = description;
    description.offset += line.result;
    wroteBytes(trace, task, description, offset, line.result, line);
  },
  pwrite: (trace, task, line) => writeAt(trace, task, line, numberOf(line, 3)),
  pwritev2: (trace, task, line) => writeAt(trace, task, line, numberOf(line, 3)),
  sendfile: (trace, task, line) => moved(trace, task, line, { from: 1, fromOffset: 2, to: 0, toOffset: -1 }),
  copy: (trace, task, line) => moved(trace, task, line, { from: 0, fromOffset: 1, to: 2, toOffset: 3 }),
  fallocate(trace, task, line) {
    const inode = descriptionAt(trace, task, line, 0)?.inode;
    const keepsSize = argumentText(line, 1) !== '0';
    if (inode === undefined || keepsSize) return;
    const mark = trace.mark(task, 'write', line);
    grown(trace, inode, task, numberOf(line, 2) + numberOf(line, 3), () => mark);
  },
  truncate(trace, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined && isShareable(path))
      truncated(trace, task, trace.names.at(path), numberOf(line, 1), undefined, line);
  },
  ftruncate(trace, task, line) {
    const description = descriptionAt(trace, task, line, 0);
    if (description?.inode === undefined) return;
    truncated(trace, task, description.inode, numberOf(line, 1), description, line);
  },
  mmap,
  mmap2: mmap,
  munmap(trace, task, line) {
    if (task.memory.mappings.size === 0) return;
    const start = numberOf(line, 0);
    unmapRange(trace, task.memory, start, start + pagesEnd(numberOf(line, 1)));
  },
  mremap(trace, task, line) {
    if (task.memory.mappings.size === 0) return;
    remapped(trace, task.memory, numberOf(line, 0), numberOf(line, 1), numberOf(line, 2), line.result);
  },
  fstat(trace, task, line) {
    const description = descriptionAt(trace, task, line, 0);
    if (description !== undefined) looked(trace, task, description.inode, description, lengthIn(line, 1), line);
  },
  stat: (trace, task, line) => lookedAtPath(trace, task, pathAt(task, line, 0), lengthIn(line, 1), line),
  statAt(trace, task, line) {
    // newfstatat has its result in the third argument, statx in the fifth.
    const length = lengthIn(line, line.argumentCount > 4 ? 4 : 2);
    if (isEmptyString(line, 1)) {
      const description = descriptionAt(trace, task, line, 0);
      if (description !== undefined) looked(trace, task, description.inode, description, length, line);
    } else lookedAtPath(trace, task, pathFrom(task, line, 0, 1), length, line);
  },
  lstat: (trace, task, line) => lookedAtPath(trace, task, pathAt(task, line, 0), lengthIn(line, 1), line),
  lseek: (trace, task, line) => sought(trace, task, line, line.result, 2, 1),
  llseek(trace, task, line) {
    const at = line.argumentStart[2] ?? 0;
    const result = numberAt(line.bytes, line.bytes[at] === OPEN_BRACKET ? at + 1 : at, line.argumentEnd[2] ?? 0);
    sought(trace, task, line, result, 3, 1);
  },
  flock(trace, task, line) {
    const description = descriptionAt(trace, task, line, 0);
    if (description !== undefined) flocked(trace, task, description, line);
  },
  rename: (trace, task, line) => renamed(trace, task, line, pathAt(task, line, 0), pathAt(task, line, 1), false),
  renameAt(trace, task, line) {
    const exchange = holds(line, 4, 'EXCHANGE') || (numberOf(line, 4) & 2) === 2;
    renamed(trace, task, line, pathFrom(task, line, 0, 1), pathFrom(task, line, 2, 3), exchange);
  },
  link: (trace, task, line) => linked(trace, pathAt(task, line, 0), pathAt(task, line, 1)),
  linkAt: (trace, task, line) => linked(trace, pathFrom(task, line, 0, 1), pathFrom(task, line, 2, 3)),
  unlink: (trace, task, line) => unlinked(trace, task, line, pathAt(task, line, 0)),
  unlinkAt(trace, task, line) {
    const path = pathFrom(task, line, 0, 1);
    if (holds(line, 2, 'AT_REMOVEDIR') || numberOf(line, 2) === 0x200) {
      if (path !== undefined) removedDirectory(trace, path);
    } else unlinked(trace, task, line, path);
  },
  mkdir(trace, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined) madeDirectory(trace, task, path, line);
  },
  mkdirAt(trace, task, line) {
    const path = pathFrom(task, line, 0, 1);
    if (path !== undefined) madeDirectory(trace, task, path, line);
  },
  rmdir(trace, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined) removedDirectory(trace, path);
  },
  chdir(_trace, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined) task.folder.path = path;
  },
  fchdir(trace, task, line) {
    const description = descriptionAt(trace, task, line, 0);
    task.folder.path = description?.path;
  },
  clone: (trace, task, line) => begun(trace, task, line, sharingIn(line.text(400))),
  fork: (trace, task, line) => begun(trace, task, line, NOTHING_SHARED),
  vfork: (trace, task, line) => begun(trace, task, line, sharingIn('vfork')),
  unshare(trace, task, line) {
    if (holds(line, 0, 'CLONE_FILES')) trace.tasks.unshareTable(task);
    if (holds(line, 0, 'CLONE_FS')) task.folder = { path: task.folder.path };
  },
  execve(trace, task, line) {
    const path = line.call === 'execve' ? (pathAt(task, line, 0) ?? pathFrom(task, line, 0, 1)) : undefined;
    trace.tasks.execute(task, path);
  },
  exit: (trace, task) => trace.tasks.end(task),
  exitGroup: (trace, task) => trace.tasks.endProcess(task.process),
  threadId: (trace, task, line) => trace.learnPid(task, line.result),
  processId: (trace, task, line) => trace.learnPid(task, line.result),
};

/** The calls whose failure says something: mmap(2) of an empty file. */
export const WHEN_FAILED: ReadonlySet<CallName> = new Set<CallName>(['mmap', 'mmap2']);
/** The calls that say something though the log shows no result: they never return. */
export const WITHOUT_RESULT: ReadonlySet<CallName> = new Set<CallName>(['exit', 'exitGroup']);
/** The calls that give something up. Where they are interrupted in the log, others may have got it before they are resumed. */
export const AT_ONCE: ReadonlySet<CallName> = new Set<CallName>([
  'close',
  'closeRange',
  'munmap',
  'unlink',
  'unlinkAt',
  'rmdir',
]);

function pathAt(task: Task, line: StraceLine, index: number): string | undefined {
  const path = quoted(line, index);
  return path === undefined || path === '' ? undefined : resolvePath(task.folder.path, path);
}

/** A path that counts from a directory's descriptor. */
function pathFrom(task: Task, line: StraceLine, folder: number, index: number): string | undefined {
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

function flagsAt(line: StraceLine, index: number): number {
  return openFlags(
    line.bytes,
    line.argumentStart[index] ?? 0,
    index < line.argumentCount ? (line.argumentEnd[index] ?? 0) : 0,
  );
}

/** `{flags=O_RDWR|O_CREAT, mode=0666, resolve=0}`. */
function flagsOfHow(line: StraceLine): number {
  if (line.argumentCount < 3) return 0;
  const start = line.argumentStart[2] ?? 0;
  const end = line.argumentEnd[2] ?? 0;
  const comma = line.bytes.indexOf(44, start);
  return openFlags(line.bytes, start, comma === -1 || comma > end ? end : comma);
}

function opened(trace: Trace, task: Task, line: StraceLine, path: string | undefined, flags: number): void {
  const annotation = resultAnnotation(line);
  const real = annotation?.path ?? path;
  const { tasks, names } = trace;
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
  const mark = trace.mark(task, flags & Open.truncate && flags & Open.writes ? 'truncate' : 'open', line);
  const description = new Description(task.table, inode, real, flags, mark, 0);
  inode.opened += 1;
  tasks.put(task.table, line.result, description, closeOnExec);
  const makes =
    (flags & Open.create) !== 0 &&
    ((flags & Open.exclusive) !== 0 || ((flags & Open.truncate) !== 0 && !known && trace.order === 'exact'));
  if (makes) {
    inode.fresh = true;
    inode.freshBy = description;
    inode.size = 0;
  } else if (flags & Open.truncate && flags & Open.writes) truncated(trace, task, inode, 0, description, line);
}

/**
 * What a descriptor stands for. One that the log did not show being opened is taken from what `-y` says of it, if it says anything.
 */
function descriptionAt(trace: Trace, task: Task, line: StraceLine, index: number): Description | undefined {
  const fd = numberOf(line, index);
  const slot = task.table.slots.get(fd);
  if (slot !== undefined && (!trace.merged || trace.order === 'exact')) return slot.description;
  const annotation = annotationOf(line, index);
  if (annotation === undefined) return slot?.description;
  // Where the order of the lines is not known, the descriptor may stand for something else by now.
  if (slot !== undefined && (slot.description.path === annotation.path || annotation.deleted)) return slot.description;
  if (slot !== undefined && slot.description.inode?.path === annotation.path) return slot.description;
  const other = trace.sharerOf(task, fd, annotation.path);
  if (other !== undefined) {
    trace.tasks.join(task, other);
    return task.table.slots.get(fd)?.description;
  }
  return foundOpen(trace, task, fd, annotation.path, annotation.deleted);
}

/** A descriptor that was open before the log began. */
export function foundOpen(trace: Trace, task: Task, fd: number, path: string, deleted: boolean): Description {
  const follow = isShareable(path);
  const inode = follow ? (deleted ? trace.names.nameless(path) : trace.names.at(path)) : undefined;
  const description = new Description(task.table, inode, path, Open.writes, undefined, Number.NaN);
  if (inode !== undefined) inode.opened += 1;
  trace.tasks.put(task.table, fd, description, false);
  return description;
}

function closed(trace: Trace, task: Task, fd: number): void {
  const slot = task.table.slots.get(fd);
  if (slot === undefined) return;
  const { description } = slot;
  const { inode } = description;
  if (inode !== undefined) {
    if (description.emptiedUnlocked !== undefined && description.references === 1) {
      countEmptied(task, description, inode, description.emptiedUnlocked);
      description.emptiedUnlocked = undefined;
    }
    if (task.process.recordLocks.length > 0) closedForLocks(trace, task, inode);
  }
  trace.tasks.close(task.table, fd);
}

function closeRange(trace: Trace, task: Task, line: StraceLine): void {
  const first = numberOf(line, 0);
  const last = numberOf(line, 1);
  const onExec = holds(line, 2, 'CLOEXEC') || numberOf(line, 2) === 4;
  if (holds(line, 2, 'UNSHARE') || numberOf(line, 2) === 2) trace.tasks.unshareTable(task);
  for (const [fd, slot] of [...task.table.slots]) {
    if (fd < first || (last >= 0 && fd > last)) continue;
    if (onExec) slot.closeOnExec = true;
    else closed(trace, task, fd);
  }
}

function duplicated(trace: Trace, task: Task, line: StraceLine, from: number, to: number, closeOnExec: boolean): void {
  if (from === to) return;
  const description = descriptionAt(trace, task, line, 0);
  if (description === undefined) closed(trace, task, to);
  else {
    const old = task.table.slots.get(to)?.description;
    if (old === description) return;
    if (old !== undefined) closed(trace, task, to);
    trace.tasks.put(task.table, to, description, closeOnExec);
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

function fcntl(trace: Trace, task: Task, line: StraceLine): void {
  const number = numberOf(line, 1);
  const command = Number.isNaN(number) ? argumentText(line, 1) : (COMMANDS.get(number) ?? '');
  if (command === 'F_DUPFD' || command === 'F_DUPFD_CLOEXEC') {
    duplicated(trace, task, line, numberOf(line, 0), line.result, command === 'F_DUPFD_CLOEXEC');
  } else if (command === 'F_SETFD') {
    const slot = task.table.slots.get(numberOf(line, 0));
    if (slot !== undefined) slot.closeOnExec = holds(line, 2, 'FD_CLOEXEC') || numberOf(line, 2) === 1;
  } else {
    const locking = LOCKING.exec(command);
    if (locking === null) return;
    const description = descriptionAt(trace, task, line, 0);
    if (description !== undefined) recordLocked(trace, task, description, locking[1] ? 'description' : 'process', line);
  }
}

function readAt(trace: Trace, task: Task, line: StraceLine, offset: number): void {
  const description = descriptionAt(trace, task, line, 0);
  if (description !== undefined && numberOf(line, 2) !== 0)
    readBytes(trace, task, description, offset, line.result, line);
}

function writeAt(trace: Trace, task: Task, line: StraceLine, offset: number): void {
  const description = descriptionAt(trace, task, line, 0);
  if (description !== undefined) wroteBytes(trace, task, description, offset, line.result, line);
}

/** Bytes go from one descriptor to another, inside the kernel. */
function moved(
  trace: Trace,
  task: Task,
  line: StraceLine,
  at: { from: number; fromOffset: number; to: number; toOffset: number },
): void {
  const from = descriptionAt(trace, task, line, at.from);
  if (from !== undefined) readBytes(trace, task, from, offsetOf(line, at.fromOffset, from), line.result, line);
  const to = descriptionAt(trace, task, line, at.to);
  if (to !== undefined) wroteBytes(trace, task, to, offsetOf(line, at.toOffset, to), line.result, line);
}

/** `NULL`, or `[0] => [71]`: without one, that of the descriptor, which moves on. */
function offsetOf(line: StraceLine, index: number, description: Description): number {
  const start = index < 0 ? 0 : (line.argumentStart[index] ?? 0);
  if (index >= 0 && index < line.argumentCount && line.bytes[start] === OPEN_BRACKET) {
    return numberAt(line.bytes, start + 1, line.argumentEnd[index] ?? 0);
  }
  const { offset } = description;
  description.offset += line.result;
  return offset;
}

function mmap(trace: Trace, task: Task, line: StraceLine): void {
  const description = isDigit(line.bytes[line.argumentStart[4] ?? 0]) ? descriptionAt(trace, task, line, 4) : undefined;
  const length = numberOf(line, 1);
  if (line.result === -1) {
    const empty = length === 0 && standsThere(line.bytes, ' EINVAL', line.resultEnd, line.end);
    if (empty && description?.inode)
      nothingRead(trace, task, description, description.inode, trace.mark(task, 'map', line));
    return;
  }
  if (description?.inode !== undefined) {
    mapped(trace, task, description, { start: line.result, length, offset: numberOf(line, 5) }, line);
  } else if (task.memory.mappings.size > 0) unmapRange(trace, task.memory, line.result, line.result + pagesEnd(length));
}

const LENGTH = '_size=';

/** `st_size=71` in `{st_mode=S_IFREG|0644, st_size=71, ...}`, `stx_size=71`; NaN where there is none. */
function lengthIn(line: StraceLine, index: number): number {
  if (index >= line.argumentCount) return Number.NaN;
  const { bytes } = line;
  const end = line.argumentEnd[index] ?? 0;
  for (let at = line.argumentStart[index] ?? 0; at < end; at += 1) {
    if (bytes[at] === 95 && bytes[at + 1] === 115 && standsThere(bytes, LENGTH, at, end)) {
      return numberAt(bytes, at + LENGTH.length, end);
    }
  }
  return Number.NaN;
}

function isEmptyString(line: StraceLine, index: number): boolean {
  return (line.argumentEnd[index] ?? 0) - (line.argumentStart[index] ?? 0) === 2;
}

function looked(
  trace: Trace,
  task: Task,
  inode: Inode | undefined,
  description: Description | undefined,
  length: number,
  line: StraceLine,
): void {
  if (inode === undefined || Number.isNaN(length)) return;
  if (description !== undefined) {
    description.looked = trace.mark(task, 'look', line);
    description.sizeSeen = length;
  }
  const { truncation } = inode;
  if (truncation === undefined || truncation.healed !== undefined) {
    if (truncation === undefined || truncation.mark.ended < trace.begun) inode.size = length;
    return;
  }
  // A look that was under way when the file was cut says nothing of what came after.
  if (!truncation.complete || truncation.mark.ended >= trace.begun || !(length > inode.size)) return;
  const mark = description?.looked ?? trace.mark(task, 'look', line);
  grown(trace, inode, undefined, length, () => mark);
}

function lookedAtPath(trace: Trace, task: Task, path: string | undefined, length: number, line: StraceLine): void {
  if (path === undefined) return;
  const inode = trace.names.get(path);
  if (inode !== undefined) looked(trace, task, inode, undefined, length, line);
}

function sought(trace: Trace, task: Task, line: StraceLine, result: number, whence: number, offset: number): void {
  const description = descriptionAt(trace, task, line, 0);
  if (description === undefined) return;
  description.offset = result;
  const fromEnd =
    standsThere(line.bytes, 'SEEK_END', line.argumentStart[whence] ?? 0, line.end) || numberOf(line, whence) === 2;
  if (fromEnd && numberOf(line, offset) === 0) looked(trace, task, description.inode, description, result, line);
}

function renamed(
  trace: Trace,
  task: Task,
  line: StraceLine,
  from: string | undefined,
  to: string | undefined,
  exchange: boolean,
): void {
  if (from === undefined || to === undefined) return;
  if (exchange) {
    trace.names.exchange(from, to);
    return;
  }
  const replaced = trace.names.move(from, to);
  if (replaced !== undefined && !replaced.linked) replaced.unlinked = trace.mark(task, 'rename', line);
}

function linked(trace: Trace, from: string | undefined, to: string | undefined): void {
  if (from !== undefined && to !== undefined && isShareable(from)) trace.names.link(from, to);
}

function unlinked(trace: Trace, task: Task, line: StraceLine, path: string | undefined): void {
  if (path === undefined) return;
  const inode = trace.names.remove(path);
  if (inode !== undefined && !inode.linked && inode.opened > 0) inode.unlinked = trace.mark(task, 'unlink', line);
}

/** In a container the log gives the id in both namespaces: `= 12 /* 3456 in strace's PID NS *\/`. */
function begun(trace: Trace, task: Task, line: StraceLine, sharing: Sharing): void {
  const remark = /^ \/\* (\d+) in strace's PID NS/.exec(line.bytes.toString('latin1', line.resultEnd, line.end));
  const tid = remark === null ? line.result : Number(remark[1]);
  if (tid > 0) trace.began(task, tid, sharing);
}
