import { ADVICE, capital, type Inquiry, printablePath, processName, shortened } from '../evidence/index.js';
import type { StraceLine } from '../strace/index.js';
import type { Description, EmptyRead, Inode, Lock, Mark, Overlap, Process, Rewriting, Task } from '../world/index.js';
import { accessOf, heldNow, locksFileItself, ownLock, tally, tallyOf } from './locking.js';

const MOST_OVERLAPS = 16;
const MOST_PENDING = 8;

/** A read that returned `count` bytes from `offset` (NaN: not known). */
export function readBytes(
  inquiry: Inquiry,
  task: Task,
  description: Description,
  offset: number,
  count: number,
  line: StraceLine,
): void {
  const { inode } = description;
  if (inode === undefined) return;
  let kept: Mark | undefined;
  const mark = () => {
    kept ??= inquiry.mark(task, 'read', line);
    return kept;
  };
  noteRead(task, description, inode, 'read', () => marksBefore(description, mark()));
  if (count === 0) {
    if (offset === 0) nothingRead(inquiry, task, description, inode, mark());
    return;
  }
  const { rewriting } = inode;
  if (rewriting !== undefined) readBeside(rewriting, task, description, inode, mark);
  readOn(task, description, inode, offset, count, mark);
}

/** Counts an access for reading, and whether it was under the lock. */
export function noteRead(
  task: Task,
  description: Description,
  inode: Inode,
  manner: 'read' | 'map',
  marks: () => Mark[],
): void {
  const first = !description.readNoted;
  if (!first && inode.guard === undefined) return;
  const own = ownLock(task, inode);
  // Each descriptor counts once; a later read counts where the lock has been given up by then.
  if (!first && (own.mode !== 'none' || !(inode.guard && inode.guard.users.size > 0))) return;
  if (!first && description.lateNoted) return;
  if (!first) description.lateNoted = true;
  description.readNoted = true;
  const access = accessOf(inode, task.process);
  if (access !== undefined) tally(tallyOf(access, 'readers'), manner, inode, own, 'shared', marks);
}

export function marksBefore({ opened, looked }: Description, mark: Mark): Mark[] {
  return [opened, looked, mark].filter((step) => step !== undefined);
}

/** A read gave nothing: the file was empty, or seemed so. */
export function nothingRead(inquiry: Inquiry, task: Task, description: Description, inode: Inode, mark: Mark): void {
  const { truncation } = inode;
  const { process } = task;
  const own = ownLock(task, inode).mode;
  const marks = marksBefore(description, mark);
  if (truncation !== undefined && truncation.newSize === 0 && truncation.description !== description) {
    const open = truncation.healed === undefined;
    // The read was under way while the file was written again.
    const beside = !open && (truncation.healed?.ended ?? 0) > inquiry.begun;
    if (open && truncation.emptyReads.length < MOST_PENDING) {
      const known = truncation.emptyReads.find((read) => read.process === process);
      if (known === undefined)
        truncation.emptyReads.push({ truncation, process, marks, held: heldNow(inode), own, count: 1 });
      else known.count += 1;
    } else if (beside)
      emptyReadFound(inquiry, inode, { truncation, process, marks, held: heldNow(inode), own, count: 1 });
    return;
  }
  if (!(description.sizeSeen > 0) || truncation !== undefined) return;
  const key = `empty-read ${inode.path} ${process.pid}`;
  if (inquiry.findings.again(key)) return;
  inquiry.findings.add(key, {
    kind: 'empty-read',
    path: inode.path,
    reader: { process, mark, own },
    steps: marks.map((step) => ({ mark: step, role: 'reader' })),
    held: heldNow(inode),
    message: `${capital(processName(process))} saw that ${printablePath(inode.path)} had a length (line ${description.looked?.line}), and read nothing from its beginning (line ${mark.line}): it was emptied in between, by somebody who is not in the log.`,
    advice: ADVICE.searchCulprit(printablePath(inode.path)),
  });
}

export function emptyReadFound(inquiry: Inquiry, inode: Inode, read: EmptyRead): void {
  const { truncation, process, marks, held, own } = read;
  const culprit = truncation.process;
  const key = `empty-read ${inode.path} ${process.pid} ${culprit.pid}`;
  if (inquiry.findings.again(key, read.count)) return;
  const path = printablePath(inode.path);
  const again =
    truncation.healed === undefined ? 'not written it yet' : `written it again only at line ${truncation.healed.line}`;
  inquiry.findings.add(
    key,
    {
      kind: 'empty-read',
      path: inode.path,
      reader: { process, mark: marks.at(-1), own },
      writer: { process: culprit, mark: truncation.mark, own: truncation.own },
      steps: [...marks.map((mark) => ({ mark, role: 'reader' as const })), { mark: truncation.mark, role: 'writer' }],
      later: { marks: truncation.after, role: 'writer' },
      held,
      message: `${capital(processName(process))} read ${path} from its beginning and got nothing (line ${marks.at(-1)?.line}): ${processName(culprit)} had ${shortened(truncation)} and had ${again}.`,
      advice: ADVICE.writer(`${path}.lock`),
    },
    read.count,
  );
}

/** Another process rewrites the file from its beginning. If it goes on after this read, the read gave half a file. */
function readBeside(rewriting: Rewriting, task: Task, description: Description, inode: Inode, mark: () => Mark): void {
  if (rewriting.description === description || rewriting.process === task.process) return;
  if (rewriting.reads.length >= MOST_PENDING) return;
  if (rewriting.reads.some(({ process }) => process === task.process)) return;
  if (locksFileItself(task, inode) && inode.locks.length > 1) return;
  rewriting.reads.push({ process: task.process, marks: marksBefore(description, mark()), held: heldNow(inode) });
}

/** The writer has gone on. */
export function rewritingWentOn(inode: Inode, rewriting: Rewriting, next: Mark): void {
  for (const { process, marks, held } of rewriting.reads.splice(0)) {
    const steps = [
      ...marks.map((mark) => ({ mark, role: 'reader' as const })),
      { mark: rewriting.mark, role: 'writer' as const },
      { mark: next, role: 'writer' as const },
    ];
    overlap(inode, process, rewriting.process, steps, held);
  }
}

/** A read that begins where the last one ended reads the same version, unless the file has been changed in between. */
function readOn(
  task: Task,
  description: Description,
  inode: Inode,
  offset: number,
  count: number,
  mark: () => Mark,
): void {
  if (offset === 0) {
    description.changesAtFirstRead = inode.changes;
    description.firstRead = description.inherited || inode.changes > 0 ? mark() : description.firstRead;
    description.readUpTo = count;
    return;
  }
  if (description.changesAtFirstRead === -1 || offset !== description.readUpTo) return;
  description.readUpTo += count;
  if (description.changesAtFirstRead === inode.changes) return;
  description.changesAtFirstRead = inode.changes;
  const { lastChange } = inode;
  if (lastChange === undefined || lastChange.process === task.process) return;
  if (locksFileItself(task, inode)) return;
  const steps = [
    ...marksBefore(description, mark()).map((step) => ({ mark: step, role: 'reader' as const })),
    ...(description.firstRead ? [{ mark: description.firstRead, role: 'reader' as const }] : []),
    { mark: lastChange.mark, role: 'writer' as const },
  ];
  overlap(inode, task.process, lastChange.process, steps, heldNow(inode));
}

function overlap(inode: Inode, reader: Process, writer: Process, steps: Overlap['marks'], held: Lock[]): void {
  inode.overlaps ??= new Map();
  const key = `${reader.pid} ${writer.pid}`;
  const known = inode.overlaps.get(key);
  if (known !== undefined) known.count += 1;
  else if (inode.overlaps.size < MOST_OVERLAPS)
    inode.overlaps.set(key, { reader, writer, marks: steps, held, count: 1 });
}

export function overlapFound(inquiry: Inquiry, inode: Inode, { reader, writer, marks, held, count }: Overlap): void {
  const path = printablePath(inode.path);
  const read = marks.filter(({ mark }) => mark.kind === 'read').at(-1)?.mark;
  const change = marks.filter(({ role }) => role === 'writer').at(-1)?.mark;
  inquiry.findings.add(
    `torn-read-risk ${inode.path} ${reader.pid} ${writer.pid}`,
    {
      kind: 'torn-read-risk',
      path: inode.path,
      reader: { process: reader, mark: read, own: 'none' },
      writer: { process: writer, mark: change, own: 'none' },
      steps: marks,
      held,
      message: `${capital(processName(reader))} read ${path} (line ${read?.line}) while ${processName(writer)} was changing it in place (line ${change?.line}), and nobody locks ${path}.lock: it may have got the beginning of one version and the end of another.`,
      advice: ADVICE.writer(`${path}.lock`),
    },
    count,
  );
}
