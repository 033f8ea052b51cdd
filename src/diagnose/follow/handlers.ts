import type { Inquiry } from '../evidence/index.js';
import { isDigit, OPEN_BRACKET, standsThere } from '../lines/index.js';
import { argumentText, type CallName, holds, numberAt, numberOf, Open, type StraceLine } from '../strace/index.js';
import { type Description, isShareable, NOTHING_SHARED, type Sharing, sharingIn, type Task } from '../world/index.js';
import {
  closed,
  closeRange,
  descriptionAt,
  duplicated,
  fcntl,
  flagsAt,
  flagsOfHow,
  opened,
  pathAt,
  pathFrom,
} from './descriptors.js';
import { flocked, madeDirectory, removedDirectory } from './locking.js';
import { isEmptyString, lengthIn, looked, lookedAtPath, sought } from './looking.js';
import { mapped, pagesEnd, remapped, unmapRange } from './mapping.js';
import { nothingRead, readBytes } from './reading.js';
import { grown, truncated, wroteBytes } from './writing.js';

/** Updates what is known by a call. Calls that failed are left out, unless they are in {@link WHEN_FAILED}. */
export type Handler = (inquiry: Inquiry, task: Task, line: StraceLine) => void;

export const HANDLERS: Readonly<Record<CallName, Handler>> = {
  open: (inquiry, task, line) => opened(inquiry, task, line, pathAt(task, line, 0), flagsAt(line, 1)),
  openat: (inquiry, task, line) => opened(inquiry, task, line, pathFrom(task, line, 0, 1), flagsAt(line, 2)),
  openat2: (inquiry, task, line) => opened(inquiry, task, line, pathFrom(task, line, 0, 1), flagsOfHow(line)),
  creat: (inquiry, task, line) => opened(inquiry, task, line, pathAt(task, line, 0), 1 | Open.create | Open.truncate),
  close: (inquiry, task, line) => closed(inquiry, task, numberOf(line, 0)),
  closeRange,
  dup: (inquiry, task, line) => duplicated(inquiry, task, line, numberOf(line, 0), line.result, false),
  dup2: (inquiry, task, line) =>
    duplicated(inquiry, task, line, numberOf(line, 0), line.result, holds(line, 2, 'O_CLOEXEC')),
  fcntl,
  read(inquiry, task, line) {
    const description = descriptionAt(inquiry, task, line, 0);
    if (description === undefined || numberOf(line, 2) === 0) return;
    const { offset } = description;
    description.offset += line.result;
    readBytes(inquiry, task, description, offset, line.result, line);
  },
  pread: (inquiry, task, line) => readAt(inquiry, task, line, numberOf(line, 3)),
  preadv2: (inquiry, task, line) => readAt(inquiry, task, line, numberOf(line, 3)),
  write(inquiry, task, line) {
    const description = descriptionAt(inquiry, task, line, 0);
    if (description?.inode === undefined) return;
    const { offset } = description;
    description.offset += line.result;
    wroteBytes(inquiry, task, description, offset, line.result, line);
  },
  pwrite: (inquiry, task, line) => writeAt(inquiry, task, line, numberOf(line, 3)),
  pwritev2: (inquiry, task, line) => writeAt(inquiry, task, line, numberOf(line, 3)),
  sendfile: (inquiry, task, line) => moved(inquiry, task, line, { from: 1, fromOffset: 2, to: 0, toOffset: -1 }),
  copy: (inquiry, task, line) => moved(inquiry, task, line, { from: 0, fromOffset: 1, to: 2, toOffset: 3 }),
  fallocate(inquiry, task, line) {
    const inode = descriptionAt(inquiry, task, line, 0)?.inode;
    const keepsSize = argumentText(line, 1) !== '0';
    if (inode === undefined || keepsSize) return;
    const mark = inquiry.mark(task, 'write', line);
    grown(inquiry, inode, task, numberOf(line, 2) + numberOf(line, 3), () => mark);
  },
  truncate(inquiry, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined && isShareable(path))
      truncated(inquiry, task, inquiry.names.at(path), numberOf(line, 1), undefined, line);
  },
  ftruncate(inquiry, task, line) {
    const description = descriptionAt(inquiry, task, line, 0);
    if (description?.inode === undefined) return;
    truncated(inquiry, task, description.inode, numberOf(line, 1), description, line);
  },
  mmap,
  mmap2: mmap,
  munmap(inquiry, task, line) {
    if (task.memory.mappings.size === 0) return;
    const start = numberOf(line, 0);
    unmapRange(inquiry, task.memory, start, start + pagesEnd(numberOf(line, 1)));
  },
  mremap(inquiry, task, line) {
    if (task.memory.mappings.size === 0) return;
    remapped(inquiry, task.memory, numberOf(line, 0), numberOf(line, 1), numberOf(line, 2), line.result);
  },
  fstat(inquiry, task, line) {
    const description = descriptionAt(inquiry, task, line, 0);
    if (description !== undefined) looked(inquiry, task, description.inode, description, lengthIn(line, 1), line);
  },
  stat: (inquiry, task, line) => lookedAtPath(inquiry, task, pathAt(task, line, 0), lengthIn(line, 1), line),
  statAt(inquiry, task, line) {
    // newfstatat has its result in the third argument, statx in the fifth.
    const length = lengthIn(line, line.argumentCount > 4 ? 4 : 2);
    if (isEmptyString(line, 1)) {
      const description = descriptionAt(inquiry, task, line, 0);
      if (description !== undefined) looked(inquiry, task, description.inode, description, length, line);
    } else lookedAtPath(inquiry, task, pathFrom(task, line, 0, 1), length, line);
  },
  lstat: (inquiry, task, line) => lookedAtPath(inquiry, task, pathAt(task, line, 0), lengthIn(line, 1), line),
  lseek: (inquiry, task, line) => sought(inquiry, task, line, line.result, 2, 1),
  llseek(inquiry, task, line) {
    const at = line.argumentStart[2] ?? 0;
    const result = numberAt(line.bytes, line.bytes[at] === OPEN_BRACKET ? at + 1 : at, line.argumentEnd[2] ?? 0);
    sought(inquiry, task, line, result, 3, 1);
  },
  flock(inquiry, task, line) {
    const description = descriptionAt(inquiry, task, line, 0);
    if (description !== undefined) flocked(inquiry, task, description, line);
  },
  rename: (inquiry, task, line) => renamed(inquiry, task, line, pathAt(task, line, 0), pathAt(task, line, 1), false),
  renameAt(inquiry, task, line) {
    const exchange = holds(line, 4, 'EXCHANGE') || (numberOf(line, 4) & 2) === 2;
    renamed(inquiry, task, line, pathFrom(task, line, 0, 1), pathFrom(task, line, 2, 3), exchange);
  },
  link: (inquiry, task, line) => linked(inquiry, pathAt(task, line, 0), pathAt(task, line, 1)),
  linkAt: (inquiry, task, line) => linked(inquiry, pathFrom(task, line, 0, 1), pathFrom(task, line, 2, 3)),
  unlink: (inquiry, task, line) => unlinked(inquiry, task, line, pathAt(task, line, 0)),
  unlinkAt(inquiry, task, line) {
    const path = pathFrom(task, line, 0, 1);
    if (holds(line, 2, 'AT_REMOVEDIR') || numberOf(line, 2) === 0x200) {
      if (path !== undefined) removedDirectory(inquiry, path);
    } else unlinked(inquiry, task, line, path);
  },
  mkdir(inquiry, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined) madeDirectory(inquiry, task, path, line);
  },
  mkdirAt(inquiry, task, line) {
    const path = pathFrom(task, line, 0, 1);
    if (path !== undefined) madeDirectory(inquiry, task, path, line);
  },
  rmdir(inquiry, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined) removedDirectory(inquiry, path);
  },
  chdir(_trace, task, line) {
    const path = pathAt(task, line, 0);
    if (path !== undefined) task.folder.path = path;
  },
  fchdir(inquiry, task, line) {
    const description = descriptionAt(inquiry, task, line, 0);
    task.folder.path = description?.path;
  },
  clone: (inquiry, task, line) => begun(inquiry, task, line, sharingIn(line.text(400))),
  fork: (inquiry, task, line) => begun(inquiry, task, line, NOTHING_SHARED),
  vfork: (inquiry, task, line) => begun(inquiry, task, line, sharingIn('vfork')),
  unshare(inquiry, task, line) {
    if (holds(line, 0, 'CLONE_FILES')) inquiry.tasks.unshareTable(task);
    if (holds(line, 0, 'CLONE_FS')) task.folder = { path: task.folder.path };
  },
  execve(inquiry, task, line) {
    const path = line.call === 'execve' ? (pathAt(task, line, 0) ?? pathFrom(task, line, 0, 1)) : undefined;
    inquiry.tasks.execute(task, path);
  },
  exit: (inquiry, task) => inquiry.tasks.end(task),
  exitGroup: (inquiry, task) => inquiry.tasks.endProcess(task.process),
  threadId: (inquiry, task, line) => inquiry.learnPid(task, line.result),
  processId: (inquiry, task, line) => inquiry.learnPid(task, line.result),
};

/** The calls whose failure matters: mmap(2) of an empty file. */
export const WHEN_FAILED: ReadonlySet<CallName> = new Set<CallName>(['mmap', 'mmap2']);
/** The calls that never return, and so matter without a result. */
export const WITHOUT_RESULT: ReadonlySet<CallName> = new Set<CallName>(['exit', 'exitGroup']);
/**
 * The calls that give something up. Where the log interrupts them, another process may get it before they are resumed,
 * so they take effect at once.
 */
export const AT_ONCE: ReadonlySet<CallName> = new Set<CallName>([
  'close',
  'closeRange',
  'munmap',
  'unlink',
  'unlinkAt',
  'rmdir',
]);

function readAt(inquiry: Inquiry, task: Task, line: StraceLine, offset: number): void {
  const description = descriptionAt(inquiry, task, line, 0);
  if (description !== undefined && numberOf(line, 2) !== 0)
    readBytes(inquiry, task, description, offset, line.result, line);
}

function writeAt(inquiry: Inquiry, task: Task, line: StraceLine, offset: number): void {
  const description = descriptionAt(inquiry, task, line, 0);
  if (description !== undefined) wroteBytes(inquiry, task, description, offset, line.result, line);
}

/** The kernel copies bytes from one descriptor to another. */
function moved(
  inquiry: Inquiry,
  task: Task,
  line: StraceLine,
  at: { from: number; fromOffset: number; to: number; toOffset: number },
): void {
  const from = descriptionAt(inquiry, task, line, at.from);
  if (from !== undefined) readBytes(inquiry, task, from, offsetOf(line, at.fromOffset, from), line.result, line);
  const to = descriptionAt(inquiry, task, line, at.to);
  if (to !== undefined) wroteBytes(inquiry, task, to, offsetOf(line, at.toOffset, to), line.result, line);
}

/** An offset argument: `[0] => [71]`, or `NULL` for the offset of the descriptor, which moves on. */
function offsetOf(line: StraceLine, index: number, description: Description): number {
  const start = index < 0 ? 0 : (line.argumentStart[index] ?? 0);
  if (index >= 0 && index < line.argumentCount && line.bytes[start] === OPEN_BRACKET) {
    return numberAt(line.bytes, start + 1, line.argumentEnd[index] ?? 0);
  }
  const { offset } = description;
  description.offset += line.result;
  return offset;
}

function mmap(inquiry: Inquiry, task: Task, line: StraceLine): void {
  const description = isDigit(line.bytes[line.argumentStart[4] ?? 0])
    ? descriptionAt(inquiry, task, line, 4)
    : undefined;
  const length = numberOf(line, 1);
  if (line.result === -1) {
    const empty = length === 0 && standsThere(line.bytes, ' EINVAL', line.resultEnd, line.end);
    if (empty && description?.inode)
      nothingRead(inquiry, task, description, description.inode, inquiry.mark(task, 'map', line));
    return;
  }
  if (description?.inode !== undefined) {
    mapped(inquiry, task, description, { start: line.result, length, offset: numberOf(line, 5) }, line);
  } else if (task.memory.mappings.size > 0)
    unmapRange(inquiry, task.memory, line.result, line.result + pagesEnd(length));
}

function renamed(
  inquiry: Inquiry,
  task: Task,
  line: StraceLine,
  from: string | undefined,
  to: string | undefined,
  exchange: boolean,
): void {
  if (from === undefined || to === undefined) return;
  if (exchange) {
    inquiry.names.exchange(from, to);
    return;
  }
  const replaced = inquiry.names.move(from, to);
  if (replaced !== undefined && !replaced.linked) replaced.unlinked = inquiry.mark(task, 'rename', line);
}

function linked(inquiry: Inquiry, from: string | undefined, to: string | undefined): void {
  if (from !== undefined && to !== undefined && isShareable(from)) inquiry.names.link(from, to);
}

function unlinked(inquiry: Inquiry, task: Task, line: StraceLine, path: string | undefined): void {
  if (path === undefined) return;
  const inode = inquiry.names.remove(path);
  if (inode !== undefined && !inode.linked && inode.opened > 0) inode.unlinked = inquiry.mark(task, 'unlink', line);
}

/** In a container the log gives the id in both namespaces: `= 12 /* 3456 in strace's PID NS *\/`. */
function begun(inquiry: Inquiry, task: Task, line: StraceLine, sharing: Sharing): void {
  const remark = /^ \/\* (\d+) in strace's PID NS/.exec(line.bytes.toString('latin1', line.resultEnd, line.end));
  const tid = remark === null ? line.result : Number(remark[1]);
  if (tid > 0) inquiry.began(task, tid, sharing);
}
