import { type ExitLine, type How, type ProcessLine, TRACE_SCHEMA } from '../record/index.js';
import { type TraceFinding, traceFindings } from './findings.js';
import { readLogs } from './read-logs.js';
import { FileTally } from './tally.js';

/** A traced thread. */
export interface TracedThread {
  readonly pid: number;
  readonly parentPid: number;
  /** 0 is the main thread. */
  readonly thread: number;
  readonly script: string;
  readonly log: string;
  readonly startedAt: number;
  readonly accesses: number;
  /** The exit status. Absent where the log has none: the process still runs, or was killed. */
  readonly exitStatus?: number;
}

/** A watched file that was accessed. */
export interface TracedFile {
  readonly path: string;
  readonly changedInPlace: boolean;
  /** How often each kind of access was seen. */
  readonly accesses: Partial<Record<How, number>>;
  /** Reads and writes under a sufficient lock. */
  readonly locked: number;
}

/** The report on the logs of all threads of all processes. */
export interface TraceReport {
  readonly schema: typeof TRACE_SCHEMA;
  readonly findings: readonly TraceFinding[];
  readonly files: readonly TracedFile[];
  readonly threads: readonly TracedThread[];
  readonly accesses: number;
  /** Lines that cannot be read: cut, damaged, of another version. */
  readonly unreadableLines: number;
}

/**
 * Reads the logs of a directory, also those of processes that died or still run. Memory is bounded by the number of
 * files and lines of the program, not by the number of accesses. Rejects as {@link readLogs} does.
 */
export async function reportTrace(directory: string): Promise<TraceReport> {
  const files = new Map<string, FileTally>();
  const threads: TracedThread[] = [];
  let unreadableLines = 0;
  for (const { name, lines } of await readLogs(directory)) {
    let header: ProcessLine | undefined;
    let exit: ExitLine | undefined;
    let accesses = 0;
    for await (const line of lines) {
      if (line === undefined) unreadableLines += 1;
      else if (line.kind === 'process') header = line;
      else if (line.kind === 'exit') exit = line;
      else {
        if (!line.late) accesses += 1;
        tallyOf(files, line.path).add(line, header?.pid ?? 0);
      }
    }
    if (header !== undefined) threads.push(threadOf(name, header, exit, accesses));
  }
  return {
    schema: TRACE_SCHEMA,
    findings: traceFindings([...files.values()]),
    files: [...files.values()].map(fileOf),
    threads,
    accesses: threads.reduce((sum, thread) => sum + thread.accesses, 0),
    unreadableLines,
  };
}

function tallyOf(files: Map<string, FileTally>, path: string): FileTally {
  const tally = files.get(path) ?? new FileTally(path);
  files.set(path, tally);
  return tally;
}

function threadOf(log: string, header: ProcessLine, exit: ExitLine | undefined, accesses: number): TracedThread {
  const { pid, parentPid, thread, script, time: startedAt } = header;
  const end = exit === undefined ? {} : { exitStatus: exit.status };
  return { pid, parentPid, thread, script, log, startedAt, accesses, ...end };
}

function fileOf({ path, changedInPlace, hows, locked }: FileTally): TracedFile {
  return { path, changedInPlace, accesses: Object.fromEntries(hows), locked };
}
