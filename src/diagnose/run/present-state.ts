import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Inquiry } from '../evidence/index.js';
import { foundOpen } from '../follow/index.js';
import { Open } from '../strace/index.js';
import { isShareable, Mapping, type Mark, type Task } from '../world/index.js';

/**
 * What running processes have open and mapped, from /proc, for a trace that begins while they run. A process that
 * cannot be read (it has just ended, or is another user's) is left out.
 */
export function presentState(inquiry: Inquiry, pids: readonly number[]): void {
  for (const pid of pids) {
    const task = inquiry.tasks.appear(pid);
    task.process.program = attempt(() => readlinkSync(`/proc/${pid}/exe`));
    task.folder.path = attempt(() => readlinkSync(`/proc/${pid}/cwd`));
    for (const tid of attempt(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
      if (Number(tid) !== pid)
        inquiry.tasks.begin(Number(tid), task, { thread: true, files: true, memory: true, folder: true });
    }
    for (const fd of attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [])
      attempt(() => openDescriptor(inquiry, task, pid, fd));
    const maps = attempt(() => readFileSync(`/proc/${pid}/maps`, 'utf8')) ?? '';
    for (const line of maps.split('\n')) mapFile(inquiry, task, line);
  }
}

function openDescriptor(inquiry: Inquiry, task: Task, pid: number, fd: string): void {
  const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
  if (!target.startsWith('/')) return;
  const deleted = target.endsWith(' (deleted)');
  const information = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
  const description = foundOpen(inquiry, task, Number(fd), deleted ? target.slice(0, -10) : target, deleted);
  description.offset = Number(/^pos:\s*(\d+)/m.exec(information)?.[1] ?? Number.NaN);
  const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(information)?.[1] ?? '0', 8);
  const slot = task.table.slots.get(Number(fd));
  if (slot !== undefined) slot.closeOnExec = (flags & Open.closeOnExec) !== 0;
}

const MAPPED = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \d+ +(\/.*)$/;

/** `7f12b48b2000-7f12b48b3000 r--s 00000000 08:01 1234   /path`. */
function mapFile(inquiry: Inquiry, task: Task, line: string): void {
  const [whole, from = '', to = '', at = '', path = ''] = MAPPED.exec(line) ?? [];
  if (whole === undefined || !isShareable(path) || path.endsWith(' (deleted)')) return;
  const [start, end, offset] = [from, to, at].map((digits) => Number.parseInt(digits, 16));
  if (start === undefined || end === undefined || offset === undefined) return;
  const { pid } = task.process;
  const mark: Mark = {
    pid,
    tid: pid,
    kind: 'map',
    log: 0,
    line: 0,
    order: 0,
    ended: 0,
    timeMs: Number.NaN,
    text: whole,
  };
  const call = {
    address: start,
    length: end - start,
    offset,
    mark,
    opened: undefined,
    looked: undefined,
    sizeSeen: Number.NaN,
    hole: undefined,
  };
  const mapping = new Mapping(task.memory, inquiry.names.at(path), { start, end, offset }, call);
  task.memory.mappings.add(mapping);
  mapping.inode.addMapping(mapping);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
