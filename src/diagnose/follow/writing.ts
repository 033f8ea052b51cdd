import type { Inquiry } from '../evidence/index.js';
import { Open, type StraceLine } from '../strace/index.js';
import { type Description, type Inode, type Mark, SIDECAR_SUFFIX, type Task, Truncation } from '../world/index.js';
import { accessOf, evidence, heldNow, ownLock, tally, tallyOf } from './locking.js';
import { cutUnderMapping } from './mapping.js';
import { emptyReadFound, marksBefore, rewritingWentOn } from './reading.js';

/** The most steps of a culprit that are kept after its truncation. */
const MOST_STEPS_AFTER = 6;

/**
 * A write that wrote `count` bytes at `offset` (NaN: not known). In merged logs only the thread's next line shows that
 * the write has ended.
 */
export function wroteBytes(
  inquiry: Inquiry,
  task: Task,
  description: Description,
  offset: number,
  count: number,
  line: StraceLine,
): void {
  const { inode } = description;
  if (inode === undefined || count === 0) return;
  let kept: Mark | undefined;
  const mark = () => {
    kept ??= inquiry.mark(task, 'write', line);
    return kept;
  };
  noteWrite(task, description, inode, mark);
  if (!inquiry.merged) {
    changed(inquiry, task, description, inode, offset, count, mark);
    return;
  }
  mark();
  task.deferred = () => changed(inquiry, task, description, inode, offset, count, mark);
}

/** Counts an access for writing, and whether it was under the exclusive lock. */
function noteWrite(task: Task, description: Description, inode: Inode, mark: () => Mark): void {
  if (isFresh(inode, description)) return;
  const first = !description.writeNoted;
  if (!first && inode.guard === undefined) return;
  const emptied = description.emptiedUnlocked;
  if (emptied !== undefined) {
    // The open emptied the file without the lock, and the lock was not taken before this write.
    description.emptiedUnlocked = undefined;
    countEmptied(task, description, inode, emptied);
    return;
  }
  const own = ownLock(task, inode);
  if (!first && (own.mode === 'exclusive' || !(inode.guard && inode.guard.users.size > 0) || description.lateNoted))
    return;
  if (!first) description.lateNoted = true;
  description.writeNoted = true;
  const access = accessOf(inode, task.process);
  const manner = description.flags & Open.append ? 'append' : description.emptied ? 'truncate' : 'in place';
  if (access !== undefined)
    tally(tallyOf(access, 'writers'), manner, inode, own, 'exclusive', () => marksBefore(description, mark()));
}

/** To be called when a descriptor is closed that emptied the file, where the lock was not taken in between. */
export function countEmptied(
  task: Task,
  description: Description,
  inode: Inode,
  found: NonNullable<Description['emptiedUnlocked']>,
): void {
  description.writeNoted = true;
  const access = accessOf(inode, task.process);
  if (access === undefined) return;
  const counts = tallyOf(access, 'writers');
  counts.count += 1;
  if (!counts.manners.includes('truncate')) counts.manners.push('truncate');
  counts.first ??= found.marks.at(-1);
  counts.unlockedCount += 1;
  counts.unlocked ??= found;
}

function isFresh(inode: Inode, description: Description): boolean {
  return inode.fresh && inode.freshBy === description && inode.opened <= 1;
}

function changed(
  inquiry: Inquiry,
  task: Task,
  description: Description,
  inode: Inode,
  offset: number,
  count: number,
  mark: () => Mark,
): void {
  const appends = (description.flags & Open.append) !== 0;
  const from = appends ? inode.size : offset;
  const sizeBefore = inode.size;
  grown(inquiry, inode, task, from + count, mark);
  description.wrote = true;
  if (appends || isFresh(inode, description)) return;
  inode.changedInPlace = true;
  // Growth alone tears nothing that was there; but a rewrite from the beginning is in its middle.
  if (!(from >= sizeBefore) || inode.rewriting?.description === description) {
    inode.changes += 1;
    if (inode.lastChange?.description !== description)
      inode.lastChange = { process: task.process, mark: mark(), description };
  }
  const { rewriting } = inode;
  if (rewriting?.description === description) {
    if (from === rewriting.upTo || Number.isNaN(from)) {
      if (rewriting.reads.length > 0) rewritingWentOn(inode, rewriting, mark());
      rewriting.upTo = from + count;
    }
  } else if (from === 0) {
    const own = ownLock(task, inode).mode;
    inode.rewriting = { process: task.process, description, mark: mark(), own, upTo: count, reads: [] };
  }
}

/**
 * The file has at least this length now: after it was emptied, it has been written again. NaN: the length is not known.
 */
export function grown(inquiry: Inquiry, inode: Inode, task: Task | undefined, size: number, mark: () => Mark): void {
  const cut = inode.truncation;
  // In merged logs the truncation may come after this write.
  if (cut !== undefined && !cut.complete && cut.process !== task?.process) return;
  if (Number.isNaN(size)) inode.size = Number.NaN;
  else if (!(size <= inode.size)) inode.size = Number.isNaN(inode.size) ? inode.size : size;
  const { truncation } = inode;
  if (truncation === undefined) return;
  if (truncation.process === task?.process && truncation.after.length < MOST_STEPS_AFTER) truncation.after.push(mark());
  if (truncation.healed === undefined) {
    truncation.healed = mark();
    for (const read of truncation.emptyReads.splice(0)) emptyReadFound(inquiry, inode, read);
  }
}

/**
 * An `open` with O_TRUNC, creat, truncate or ftruncate that succeeded. `description`: the one that it was done through,
 * if there is one.
 */
export function truncated(
  inquiry: Inquiry,
  task: Task,
  inode: Inode,
  newSize: number,
  description: Description | undefined,
  line: StraceLine,
): void {
  const oldSize = inode.size;
  const { process } = task;
  if (newSize > 0 && newSize >= oldSize) {
    const mark = inquiry.mark(task, 'write', line);
    if (newSize > oldSize) grown(inquiry, inode, task, newSize, () => mark);
    return;
  }
  const fresh = description !== undefined && isFresh(inode, description);
  inode.size = newSize;
  // The file was empty, and no other process uses it: most likely a lock file.
  const wasEmpty = oldSize === 0 && inode.opened <= 1 && inode.mappings.size === 0;
  if (fresh || wasEmpty) return;
  const own = ownLock(task, inode);
  const mark = inquiry.mark(task, 'truncate', line);
  const truncation = new Truncation({
    process,
    mark,
    newSize,
    oldSize,
    description,
    complete: !inquiry.merged,
    held: heldNow(inode),
    own: own.mode,
  });
  if (inquiry.merged) {
    task.deferred = () => {
      truncation.complete = true;
    };
  }
  if (inode.truncation !== undefined) truncation.emptyReads.push(...inode.truncation.emptyReads.splice(0));
  inode.truncation = truncation;
  inode.changedInPlace = true;
  inode.changes += 1;
  inode.lastChange = { process, mark, description };
  if (description !== undefined) {
    description.emptied = true;
    if (newSize === 0) inode.rewriting = { process, description, mark, own: own.mode, upTo: 0, reads: [] };
  }
  if (inode.mappings.size > 0) cutUnderMapping(inquiry, inode, truncation);
  noteTruncation(inquiry, task, inode, description, own, mark);
}

/** A lock that is taken after O_TRUNC is a finding of its own, so an open without the lock is judged later. */
function noteTruncation(
  _inquiry: Inquiry,
  task: Task,
  inode: Inode,
  description: Description | undefined,
  own: ReturnType<typeof ownLock>,
  mark: Mark,
): void {
  const marks = () =>
    description?.opened && description.opened.order !== mark.order ? [description.opened, mark] : [mark];
  if (
    description !== undefined &&
    !inode.path.endsWith(SIDECAR_SUFFIX) &&
    own.mode === 'none' &&
    own.stale === undefined &&
    description.opened?.order === mark.order
  ) {
    description.emptiedUnlocked = evidence(inode, own, marks());
    return;
  }
  if (description?.writeNoted && own.mode === 'exclusive') return;
  if (description !== undefined) description.writeNoted = true;
  const access = accessOf(inode, task.process);
  if (access !== undefined) tally(tallyOf(access, 'writers'), 'truncate', inode, own, 'exclusive', marks);
}
