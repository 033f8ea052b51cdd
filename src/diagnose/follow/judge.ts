import { ADVICE, capital, type Inquiry, printablePath, processName } from '../evidence/index.js';
import type { FileUser } from '../report/index.js';
import type { Access, Evidence, Inode, Mark, Tally } from '../world/index.js';
import { emptyReadFound, overlapFound } from './reading.js';

/**
 * Adds the findings that are known only when a file is of no interest any more: at the end of the log, or when no name
 * and no descriptor refers to it.
 */
export function judge(inquiry: Inquiry, inode: Inode): void {
  const { accesses, guard, truncation, overlaps } = inode;
  const guarded = guard !== undefined && guard.users.size > 0;
  if (truncation !== undefined && (truncation.description?.references ?? 0) > 0) {
    for (const read of truncation.emptyReads.splice(0)) emptyReadFound(inquiry, inode, read);
  }
  // Where the sidecar is in use, a process that does not lock it says more than a single accident.
  if (overlaps !== undefined && !guarded)
    for (const overlap of overlaps.values()) overlapFound(inquiry, inode, overlap);
  inode.overlaps = undefined;
  if (accesses === undefined) return;
  inode.accesses = undefined;
  if (guarded && inode.changedInPlace) {
    for (const access of accesses.values()) judgeAccess(inquiry, inode, access, accesses);
  }
  if (guarded || (inode.changedInPlace && accesses.size > 1)) {
    for (const access of accesses.values()) {
      addUser(inquiry, inode, access, 'reader', access.readers);
      addUser(inquiry, inode, access, 'writer', access.writers);
    }
  }
}

function judgeAccess(inquiry: Inquiry, inode: Inode, access: Access, accesses: Map<unknown, Access>): void {
  const { process, readers, writers } = access;
  const path = inode.path;
  const sidecar = printablePath(inode.guard?.sidecarPath ?? `${path}.lock`);
  const lockers = whoLocks(inode, access, accesses);
  if (readers?.unlocked !== undefined && lockers !== undefined) {
    const key = `unlocked-reader ${path} ${process.pid}`;
    const call = readers.unlocked.marks.at(-1);
    const writer = writerBeside(access, accesses);
    inquiry.findings.add(
      key,
      {
        kind: 'unlocked-reader',
        path,
        reader: { process, mark: call, own: readers.unlocked.own },
        ...(writer && {
          writer: {
            process: writer.process,
            mark: marksOf(writer).at(-1),
            own: (writer.writers?.locked ?? 0) > 0 ? 'exclusive' : 'none',
          },
        }),
        steps: [
          ...readers.unlocked.marks.map((mark) => ({ mark, role: 'reader' as const })),
          ...(writer ? marksOf(writer) : []).map((mark) => ({ mark, role: 'writer' as const })),
        ],
        held: readers.unlocked.held,
        message: `${capital(processName(process))} reads ${printablePath(path)} without the lock (line ${call?.line}), though ${lockers} ${sidecar} and the file is changed in place: that lock does not protect this call.`,
        advice: ADVICE.reader(sidecar),
      },
      readers.unlockedCount,
    );
  }
  if (writers?.unlocked !== undefined && lockers !== undefined) {
    const key = `unlocked-writer ${path} ${process.pid}`;
    const call = writers.unlocked.marks.at(-1);
    const how =
      writers.unlocked.own === 'shared'
        ? 'under a shared lock only, which other writers and readers hold too'
        : 'without the lock';
    inquiry.findings.add(
      key,
      {
        kind: 'unlocked-writer',
        path,
        writer: { process, mark: call, own: writers.unlocked.own },
        steps: writers.unlocked.marks.map((mark) => ({ mark, role: 'writer' })),
        held: writers.unlocked.held,
        message: `${capital(processName(process))} changes ${printablePath(path)} in place ${how} (line ${call?.line}), though ${lockers} ${sidecar}.`,
        advice: ADVICE.unlockedWriter(sidecar),
      },
      writers.unlockedCount,
    );
  }
  if (readers?.unlinked !== undefined)
    unlinked(inquiry, inode, access, 'reader', readers.unlinked, readers.unlinkedCount);
  if (writers?.unlinked !== undefined)
    unlinked(inquiry, inode, access, 'writer', writers.unlinked, writers.unlinkedCount);
}

function unlinked(
  inquiry: Inquiry,
  inode: Inode,
  { process }: Access,
  role: 'reader' | 'writer',
  { marks, lock, held }: Evidence,
  count: number,
): void {
  const sidecar = printablePath(inode.guard?.sidecarPath ?? '');
  const call = marks.at(-1);
  const remover = lock?.inode.unlinked;
  const party = { process, mark: call, own: lock?.mode ?? 'none' } as const;
  inquiry.findings.add(
    `lock-on-unlinked-sidecar ${inode.path} ${process.pid}`,
    {
      kind: 'lock-on-unlinked-sidecar',
      path: inode.path,
      ...(role === 'reader' ? { reader: party } : { writer: party }),
      steps: [
        ...marks.map((mark) => ({ mark, role })),
        ...(lock ? [{ mark: lock.mark, role }] : []),
        ...(remover ? [{ mark: remover, role: remover.pid === process.pid ? role : ('culprit' as const) }] : []),
      ],
      held,
      message: `${capital(processName(process))} ${role === 'reader' ? 'reads' : 'changes'} ${printablePath(inode.path)} (line ${call?.line}) under a lock on ${sidecar} that was taken at line ${lock?.mark.line}, but the file that it locked ${remover ? `was removed at line ${remover.line} by process ${remover.pid}` : 'does not stand at that path any more'}: whoever comes next makes and locks another one.`,
      advice: ADVICE.unlinked(sidecar),
    },
    count,
  );
}

/**
 * Whether another process locks the sidecar, or this process does for other accesses to the file. Otherwise the sidecar
 * says nothing.
 */
function whoLocks(inode: Inode, { process }: Access, accesses: Map<unknown, Access>): string | undefined {
  const users = [...(inode.guard?.users ?? [])];
  if (users.some((user) => user !== process)) return 'others lock';
  const locked = [...accesses.values()].some(
    ({ readers, writers }) => (readers?.locked ?? 0) + (writers?.locked ?? 0) > 0,
  );
  return locked ? 'elsewhere it locks' : undefined;
}

/** A process that changes the file; if possible another one. */
function writerBeside(access: Access, accesses: Map<unknown, Access>): Access | undefined {
  let found: Access | undefined;
  let best = -1;
  for (const other of accesses.values()) {
    if (other.writers === undefined) continue;
    const fitness = (other !== access ? 2 : 0) + (other.writers.locked > 0 ? 1 : 0);
    if (fitness <= best) continue;
    best = fitness;
    found = other;
  }
  return found;
}

function marksOf({ writers }: Access): Mark[] {
  return [writers?.lock, writers?.first].filter((mark) => mark !== undefined);
}

function addUser(
  inquiry: Inquiry,
  inode: Inode,
  { process }: Access,
  role: 'reader' | 'writer',
  counts: Tally | undefined,
): void {
  if (counts === undefined) return;
  const first = counts.first;
  const user: FileUser = {
    pid: process.pid,
    ...(process.program !== undefined && { program: process.program }),
    path: inode.path,
    manners: [...counts.manners],
    count: counts.count,
    locked: counts.locked,
    line: first?.line ?? 0,
    ...inquiry.findings.logName(first?.log ?? 0),
  };
  inquiry.findings.addUser(role, user);
}
