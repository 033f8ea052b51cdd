import type { Inquiry } from '../evidence/index.js';
import { standsThere } from '../lines/index.js';
import { numberAt, numberOf, type StraceLine } from '../strace/index.js';
import type { Description, Inode, Task } from '../world/index.js';
import { descriptionAt } from './descriptors.js';
import { grown } from './writing.js';

/**
 * Calls that ask for the length of a file. An answer may show what the log does not: that the file has been written
 * again.
 */

const LENGTH = '_size=';

/** `st_size=71` in `{st_mode=S_IFREG|0644, st_size=71, ...}`, `stx_size=71`; NaN where there is none. */
export function lengthIn(line: StraceLine, index: number): number {
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

export function isEmptyString(line: StraceLine, index: number): boolean {
  return (line.argumentEnd[index] ?? 0) - (line.argumentStart[index] ?? 0) === 2;
}

export function looked(
  inquiry: Inquiry,
  task: Task,
  inode: Inode | undefined,
  description: Description | undefined,
  length: number,
  line: StraceLine,
): void {
  if (inode === undefined || Number.isNaN(length)) return;
  if (description !== undefined) {
    description.looked = inquiry.mark(task, 'look', line);
    description.sizeSeen = length;
  }
  const { truncation } = inode;
  if (truncation === undefined || truncation.healed !== undefined) {
    if (truncation === undefined || truncation.mark.ended < inquiry.begun) inode.size = length;
    return;
  }
  // A call that was under way when the file was truncated does not tell the length after it.
  if (!truncation.complete || truncation.mark.ended >= inquiry.begun || !(length > inode.size)) return;
  const mark = description?.looked ?? inquiry.mark(task, 'look', line);
  grown(inquiry, inode, undefined, length, () => mark);
}

export function lookedAtPath(
  inquiry: Inquiry,
  task: Task,
  path: string | undefined,
  length: number,
  line: StraceLine,
): void {
  if (path === undefined) return;
  const inode = inquiry.names.get(path);
  if (inode !== undefined) looked(inquiry, task, inode, undefined, length, line);
}

export function sought(
  inquiry: Inquiry,
  task: Task,
  line: StraceLine,
  result: number,
  whence: number,
  offset: number,
): void {
  const description = descriptionAt(inquiry, task, line, 0);
  if (description === undefined) return;
  description.offset = result;
  const fromEnd =
    standsThere(line.bytes, 'SEEK_END', line.argumentStart[whence] ?? 0, line.end) || numberOf(line, whence) === 2;
  if (fromEnd && numberOf(line, offset) === 0) looked(inquiry, task, description.inode, description, result, line);
}
