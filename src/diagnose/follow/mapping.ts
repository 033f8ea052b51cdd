import { ADVICE, bytes, capital, type Inquiry, printablePath, processName, shortened } from '../evidence/index.js';
import type { StraceLine } from '../strace/index.js';
import {
  copyMapping,
  type Description,
  type Inode,
  type MapCall,
  Mapping,
  type Memory,
  type Task,
  type Truncation,
} from '../world/index.js';
import { heldNow, ownLock } from './locking.js';
import { marksBefore, noteRead } from './reading.js';

/** The smallest page of any machine: what is safe with it is safe with larger pages. */
const PAGE = 4096;
const MOST_CUTS = 8;

/** The end of the last page of a file of this length: to touch a mapping beyond it is SIGBUS. */
export function pagesEnd(size: number): number {
  return Math.ceil(size / PAGE) * PAGE;
}

/** mmap(2) of a file. */
export function mapped(
  inquiry: Inquiry,
  task: Task,
  description: Description,
  range: { start: number; length: number; offset: number },
  line: StraceLine,
): void {
  const { inode } = description;
  if (inode === undefined) return;
  const mark = inquiry.mark(task, 'map', line);
  const { start, length, offset } = range;
  const truncation = inode.truncation;
  const hole =
    pagesEnd(inode.size) < pagesEnd(offset + length) && offset + length > inode.size ? truncation : undefined;
  const call: MapCall = {
    address: start,
    length,
    offset,
    mark,
    opened: description.opened,
    looked: description.looked,
    sizeSeen: description.sizeSeen,
    hole,
  };
  addMapping(
    inquiry,
    task.memory,
    new Mapping(task.memory, inode, { start, end: start + pagesEnd(length), offset }, call),
  );
  noteRead(task, description, inode, 'map', () => marksBefore(description, mark));
}

export function addMapping(inquiry: Inquiry, memory: Memory, mapping: Mapping): void {
  unmapRange(inquiry, memory, mapping.start, mapping.end);
  memory.mappings.add(mapping);
  mapping.inode.addMapping(mapping);
  if (mapping.call.hole !== undefined) underMapping(inquiry, mapping, mapping.call.hole);
}

/** munmap(2), or a mapping over another one. */
export function unmapRange(inquiry: Inquiry, memory: Memory, start: number, end: number): void {
  for (const mapping of memory.mappings) {
    if (mapping.end <= start || mapping.start >= end) continue;
    memory.mappings.delete(mapping);
    if (mapping.start < start) copyMapping(mapping, memory, mapping.start, start);
    if (mapping.end > end) copyMapping(mapping, memory, end, mapping.end);
    inquiry.unmapped(mapping);
  }
}

/** mremap(2): a mapping is grown, cut, or moved. */
export function remapped(
  inquiry: Inquiry,
  memory: Memory,
  from: number,
  oldLength: number,
  newLength: number,
  to: number,
): void {
  const source = [...memory.mappings].find((mapping) => mapping.start <= from && mapping.end > from);
  if (source === undefined) {
    unmapRange(inquiry, memory, to, to + pagesEnd(newLength));
    return;
  }
  const moved = source.moved(memory, to, to + pagesEnd(newLength), from);
  unmapRange(inquiry, memory, from, from + pagesEnd(Math.max(oldLength, 1)));
  addMapping(inquiry, memory, moved);
}

/** A mapped file was truncated. */
export function cutUnderMapping(inquiry: Inquiry, inode: Inode, truncation: Truncation): void {
  if (inode.cuts.length === MOST_CUTS) inode.cuts.shift();
  inode.cuts.push(truncation);
  for (const mapping of inode.mappings) {
    if (mapping.offset + mapping.end - mapping.start <= pagesEnd(truncation.newSize)) continue;
    // One such mapping is enough for a finding.
    underMapping(inquiry, mapping, truncation);
    return;
  }
}

function underMapping(inquiry: Inquiry, { inode, memory, call }: Mapping, truncation: Truncation): void {
  const culprit = truncation.process;
  const key = `truncate-under-mapping ${inode.path} ${culprit.pid}`;
  if (inquiry.findings.again(key)) return;
  const victim = memory.process;
  const task = inquiry.tasks.get(victim.pid);
  const path = printablePath(inode.path);
  const same = victim === culprit ? 'it has itself' : `${processName(victim)} has`;
  inquiry.findings.add(key, {
    kind: 'truncate-under-mapping',
    path: inode.path,
    victim: { process: victim, mark: call.mark, own: task ? ownLock(task, inode).mode : 'none', mapped: call },
    culprit: { process: culprit, mark: truncation.mark, own: truncation.own },
    steps: [
      ...[call.opened, call.looked, call.mark]
        .filter((mark) => mark !== undefined)
        .map((mark) => ({ mark, role: 'victim' as const })),
      { mark: truncation.mark, role: 'culprit' },
    ],
    later: { marks: truncation.after, role: 'culprit' },
    held: [...new Set([...truncation.held, ...heldNow(inode)])],
    message: `${capital(processName(culprit))} ${shortened(truncation).replace('it', path)} while ${same} ${bytes(call.length)} of it mapped (line ${call.mark.line}). Nobody has touched the lost pages so far; whoever does dies of SIGBUS.`,
    advice: ADVICE.writer(`${path}.lock`),
  });
}
