import { numberAt, numberOf } from './arguments.js';
import { standsThere } from './characters.js';
import { descriptionAt } from './descriptors.js';
import type { StraceLine } from './strace-line.js';
import type { Trace } from './trace.js';
import type { Description, Inode, Task } from './world.js';
import { grown } from './writing.js';

/** Looks at the length of a file, which tell what the log does not: that somebody has written it again. */

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

export function lookedAtPath(
  trace: Trace,
  task: Task,
  path: string | undefined,
  length: number,
  line: StraceLine,
): void {
  if (path === undefined) return;
  const inode = trace.names.get(path);
  if (inode !== undefined) looked(trace, task, inode, undefined, length, line);
}

export function sought(
  trace: Trace,
  task: Task,
  line: StraceLine,
  result: number,
  whence: number,
  offset: number,
): void {
  const description = descriptionAt(trace, task, line, 0);
  if (description === undefined) return;
  description.offset = result;
  const fromEnd =
    standsThere(line.bytes, 'SEEK_END', line.argumentStart[whence] ?? 0, line.end) || numberOf(line, whence) === 2;
  if (fromEnd && numberOf(line, offset) === 0) looked(trace, task, description.inode, description, result, line);
}
