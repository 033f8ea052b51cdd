import { type AuditRecord, auditCallName, auditOpenFlags, isAuditFrame, parseAuditLine } from '../audit/index.js';
import { ADVICE, type Findings, printablePath } from '../evidence/index.js';
import type { LogCursor } from '../lines/index.js';
import type { Manner } from '../report/index.js';
import { type Mark, Process, resolvePath } from '../world/index.js';

/** The most incomplete events: the log of a busy machine mixes the records of several. */
const MOST_OPEN_EVENTS = 256;
const MOST_PROGRAMS = 5_000;
const MOST_PIDS = 100;
const LONGEST_LINE = 16 * 1024;
const MOST_STEPS = 4;

interface Event {
  readonly records: AuditRecord[];
  readonly line: number;
  readonly log: number;
}

/** A program that opens one file under one parent. */
interface Program {
  readonly path: string;
  readonly role: 'reader' | 'writer';
  readonly ppid: number;
  readonly exe: string;
  readonly comm: string;
  readonly proctitle: string | undefined;
  readonly pids: Set<number>;
  readonly syscalls: Set<string>;
  readonly flags: Set<string>;
  readonly manners: Set<Manner>;
  readonly firstLine: number;
  readonly log: number;
  count: number;
  firstMs: number;
  lastMs: number;
  /** The first few calls that emptied the file. */
  readonly emptied: Mark[];
}

/**
 * Reads audit logs: which program opens which file, how, and how often. Memory is bounded by the number of programs,
 * not of lines.
 */
export class AuditReader {
  garbage = 0;
  readonly #events = new Map<string, Event>();
  readonly #programs = new Map<string, Program>();
  #order = 0;

  take({ bytes, start, end, line }: LogCursor, log: number): 'taken' | 'garbage' {
    if (start === end || isAuditFrame(bytes, start, end)) return 'taken';
    const record = parseAuditLine(bytes.toString('utf8', start, Math.min(end, start + LONGEST_LINE)));
    if (record === undefined) return 'garbage';
    const known = this.#events.get(record.event);
    if (record.type === 'EOE') {
      this.#end(record.event);
      return 'taken';
    }
    if (known !== undefined) known.records.push(record);
    else this.#events.set(record.event, { records: [record], line, log });
    if (this.#events.size > MOST_OPEN_EVENTS) {
      const [oldest] = this.#events.keys();
      if (oldest !== undefined) this.#end(oldest);
    }
    return 'taken';
  }

  /** The end of all logs. */
  finish(findings: Findings): void {
    for (const event of [...this.#events.keys()]) this.#end(event);
    for (const program of this.#programs.values()) {
      program.emptied.sort((one, other) => one.timeMs - other.timeMs);
      report(findings, program);
    }
    for (const path of new Set([...this.#programs.values()].map((program) => program.path))) {
      const writers = [...this.#programs.values()].filter((one) => one.path === path && one.role === 'writer');
      if (writers.some(({ emptied }) => emptied.length > 0)) findEmptied(findings, path, writers);
    }
  }

  #end(key: string): void {
    const event = this.#events.get(key);
    this.#events.delete(key);
    const syscall = event?.records.find(({ type }) => type === 'SYSCALL');
    if (event === undefined || syscall === undefined || syscall.fields.get('success') === 'no') return;
    const call = auditCallName(syscall.fields);
    const flags = flagsOf(call, event.records, syscall);
    for (const { path, manner } of filesOf(call, flags, event.records))
      this.#note(event, syscall, call, flags, path, manner);
  }

  #note(
    event: Event,
    { fields, timeMs }: AuditRecord,
    call: string,
    flags: string[],
    path: string,
    manner: Manner,
  ): void {
    const text = (name: string) => fields.get(name) ?? '';
    const role = manner === 'read' ? 'reader' : 'writer';
    const [ppid, pid] = [Number(text('ppid')) || 0, Number(text('pid')) || 0];
    const key = [path, role, ppid, text('exe'), text('comm')].join('\0');
    let program = this.#programs.get(key);
    if (program === undefined) {
      if (this.#programs.size >= MOST_PROGRAMS) return;
      program = {
        path,
        role,
        ppid,
        exe: text('exe'),
        comm: text('comm'),
        proctitle: event.records.find(({ type }) => type === 'PROCTITLE')?.fields.get('proctitle'),
        pids: new Set(),
        syscalls: new Set(),
        flags: new Set(),
        manners: new Set(),
        firstLine: event.line,
        log: event.log,
        count: 0,
        firstMs: timeMs,
        lastMs: timeMs,
        emptied: [],
      };
      this.#programs.set(key, program);
    }
    program.count += 1;
    program.firstMs = Math.min(program.firstMs, timeMs);
    program.lastMs = Math.max(program.lastMs, timeMs);
    if (program.pids.size < MOST_PIDS) program.pids.add(pid);
    program.syscalls.add(call);
    program.manners.add(manner);
    for (const flag of flags) program.flags.add(flag);
    this.#order += 1;
    if (manner !== 'truncate' || program.emptied.length >= MOST_STEPS) return;
    program.emptied.push({
      pid,
      tid: pid,
      kind: 'truncate',
      log: event.log,
      line: event.line,
      order: this.#order,
      ended: this.#order,
      timeMs,
      text: Buffer.from(`${call}("${path}"${flags.length > 0 ? `, ${flags.join('|')}` : ''})`, 'utf8').toString(
        'latin1',
      ),
    });
  }
}

function flagsOf(call: string, records: readonly AuditRecord[], { fields }: AuditRecord): string[] {
  const arch = fields.get('arch');
  if (call === 'open') return auditOpenFlags(fields.get('a1') ?? '', arch);
  if (call === 'openat') return auditOpenFlags(fields.get('a2') ?? '', arch);
  if (call === 'creat') return ['O_WRONLY', 'O_CREAT', 'O_TRUNC'];
  if (call !== 'openat2') return [];
  const oflag = records.find(({ type }) => type === 'OPENAT2')?.fields.get('oflag') ?? '';
  // This record is in octal.
  return auditOpenFlags(/^[0-7]+$/.test(oflag) ? Number.parseInt(oflag, 8).toString(16) : oflag, arch);
}

/** The files of a call, and its effect on each. */
function filesOf(call: string, flags: string[], records: readonly AuditRecord[]): { path: string; manner: Manner }[] {
  const folder = records.find(({ type }) => type === 'CWD')?.fields.get('cwd');
  const paths = records.filter(({ type }) => type === 'PATH').map(({ fields }) => fields);
  const pathOf = (fields: ReadonlyMap<string, string>) => resolvePath(folder, fields.get('name') ?? '');
  const named = paths.filter(
    (fields) => (fields.get('nametype') ?? 'NORMAL') !== 'PARENT' && fields.get('name') !== '(null)',
  );
  if (call.startsWith('rename')) {
    const made = named.filter((fields) => fields.get('nametype') === 'CREATE').at(-1);
    return made === undefined ? [] : [{ path: pathOf(made), manner: 'publish' }];
  }
  const [file] = named;
  if (file === undefined || file.get('mode')?.startsWith('04') || file.get('mode')?.startsWith('dir')) return [];
  const path = pathOf(file);
  if (call.includes('truncate')) return [{ path, manner: 'truncate' }];
  if (!call.startsWith('open') && call !== 'creat') return [];
  const writes = flags.includes('O_WRONLY') || flags.includes('O_RDWR');
  if (!writes) return [{ path, manner: 'read' }];
  const made = file.get('nametype') === 'CREATE';
  if (flags.includes('O_TRUNC') && !made) return [{ path, manner: 'truncate' }];
  return [{ path, manner: flags.includes('O_APPEND') ? 'append' : 'open' }];
}

function report(findings: Findings, program: Program): void {
  const { path, role, count, exe, comm, ppid, proctitle, pids, firstMs, lastMs } = program;
  findings.addUser(role, {
    pid: [...pids].at(-1) ?? 0,
    program: exe,
    path,
    manners: [...program.manners],
    count,
    locked: 0,
    line: program.firstLine,
    ...findings.logName(program.log),
    audit: {
      ppid,
      comm,
      exe,
      ...(proctitle !== undefined && { proctitle }),
      pids: [...pids].sort((one, other) => one - other),
      syscalls: [...program.syscalls],
      flags: [...program.flags],
      firstMs,
      lastMs,
      perMinute: perMinute(program),
    },
  });
}

/** Times per minute, between the first and the last. */
function perMinute({ count, firstMs, lastMs }: Program): number | null {
  const elapsedMs = lastMs - firstMs;
  return count > 1 && elapsedMs > 0 ? Math.round(((count - 1) * 60_000 * 100) / elapsedMs) / 100 : null;
}

function findEmptied(findings: Findings, path: string, writers: readonly Program[]): void {
  const emptying = writers.filter(({ emptied }) => emptied.length > 0).sort((one, other) => other.count - one.count);
  const [worst] = emptying;
  const [first] = worst?.emptied ?? [];
  if (worst === undefined || first === undefined) return;
  const programs = new Set(writers.map(({ exe, comm, ppid }) => `${exe} ${comm} ${ppid}`)).size;
  const process = new Process(first.pid, worst.exe, true);
  const often = perMinute(worst);
  const rate = often === null ? '' : `, ${often} times a minute`;
  const several =
    programs === 1
      ? 'It is the only program that writes this file'
      : `${programs} programs write this file: ${listed(writers)}`;
  findings.add(
    `audit ${path}`,
    {
      kind: 'torn-read-risk',
      path,
      writer: { process, mark: first, own: 'none' },
      steps: emptying
        .flatMap(({ emptied }) => emptied)
        .slice(0, 12)
        .map((mark) => ({ mark, role: 'writer' })),
      held: [],
      message: `${named(worst)} empties ${printablePath(path)} in place (line ${first.line}${rate}): between that and its next write whoever reads the file sees nothing, and whoever has it mapped may die of SIGBUS. ${several}. An audit log does not show locks.`,
      advice: ADVICE.writer(`${printablePath(path)}.lock`),
    },
    emptying.reduce((sum, { count }) => sum + count, 0),
  );
}

function named({ comm, exe, ppid }: Program): string {
  return `${printablePath(exe)} (${printablePath(comm)}, parent ${ppid})`;
}

function listed(writers: readonly Program[]): string {
  const names = writers.slice(0, 5).map(named);
  return writers.length > 5 ? `${names.join(', ')} and ${writers.length - 5} more` : names.join(', ');
}
