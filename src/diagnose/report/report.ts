/**
 * The kinds of findings, in the order in which a report lists them: the deaths first, then what would explain a death.
 */
export const FINDING_KINDS = [
  /** SIGBUS killed (or hit) a process at an address in its mapping of a file that had been truncated. */
  'sigbus-after-truncate',
  /** A file was truncated while a process had mapped pages behind its new end. No process has touched them yet. */
  'truncate-under-mapping',
  /** A read from the beginning of a file gave nothing: a process had emptied it, and not written it yet. */
  'empty-read',
  /**
   * A file was read while another process changed it in place, and the two did not hold locks that exclude each other.
   */
  'torn-read-risk',
  /**
   * Other processes lock the sidecar of this file, which is changed in place; this process read the file without the
   * lock.
   */
  'unlocked-reader',
  /**
   * Other processes lock the sidecar of this file; this process changed it in place without the lock, or under a shared
   * one.
   */
  'unlocked-writer',
  /** The process took the lock only after `O_TRUNC` had emptied the file. */
  'lock-after-truncate',
  /** The sidecar that was locked was not at its path any more: such a lock excludes no later process. */
  'lock-on-unlinked-sidecar',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** The role of a process in a finding. */
export type Role = 'victim' | 'culprit' | 'reader' | 'writer';

/** The effect of a line of a log on the file of a finding. */
export type StepKind =
  | 'open'
  /** Asked for the length: fstat and similar calls. */
  | 'look'
  | 'map'
  | 'unmap'
  /** Made shorter: `O_TRUNC`, creat, truncate, ftruncate. */
  | 'truncate'
  | 'write'
  | 'read'
  | 'close'
  | 'lock'
  | 'unlock'
  | 'unlink'
  | 'rename'
  /** The signal. */
  | 'signal'
  /** The end of the process. */
  | 'end';

/** A line of a log as evidence: what a process did to the file. */
export interface Step {
  /** The process; where the log tells threads apart, their process. */
  pid: number;
  /** The thread, where it is not the first of its process. */
  tid?: number;
  role: Role;
  kind: StepKind;
  /** Number of the line in its log, from 1. */
  line: number;
  /** Name of the log, where there are several. */
  log?: string;
  /**
   * Milliseconds: since 1970 for logs with `-ttt`, since midnight with `-t` and `-tt`, since the beginning with `-r`.
   * Absent where the log has no times.
   */
  timeMs?: number;
  /**
   * The call as the log has it, without process and time; shortened where it is long. Control characters are shown as
   * `\u….`.
   */
  call: string;
}

/** A lock on the sidecar of the file at the moment of the finding. */
export interface HeldSidecar {
  pid: number;
  path: string;
  mode: 'shared' | 'exclusive';
  /** The line that took the lock. */
  line: number;
  log?: string;
}

/** A process in a finding. */
export interface Party {
  pid: number;
  tid?: number;
  /** What the process runs: the path of the last execve, or the name in the log (`-Y`, audit), where there is one. */
  program?: string;
  /** The call that the finding is about, as its {@link Step} has it. */
  call?: string;
  line?: number;
  log?: string;
  /** The lock that this process held on the sidecar at that moment. */
  lock: 'none' | 'shared' | 'exclusive';
}

/** The process that SIGBUS hit, or may hit. */
export interface Victim extends Party {
  /** The address of the access: `0x7f12b48b2000`. Absent where the process has not been hit yet. */
  address?: string;
  mapping?: {
    /** The address at which the mapping begins: `0x7f12b48b2000`. */
    address: string;
    /** Bytes. */
    length: number;
    /** Offset in the file, in bytes. */
    offset: number;
    line: number;
    log?: string;
  };
  /** Whether the log shows that SIGBUS ended the process. */
  died?: boolean;
}

/** One finding. */
export interface Finding {
  kind: FindingKind;
  /** The file; `null` where a process died in a mapping that the log does not show. */
  path: string | null;
  victim?: Victim;
  /** Absent in a `sigbus-after-truncate` whose culprit is not in the log. */
  culprit?: Party;
  reader?: Party;
  writer?: Party;
  /** How often the log shows it for the same file and the same processes. The timeline is that of the first time. */
  count: number;
  /** The line numbers of `timeline`. */
  evidence: number[];
  /** The lines that show it, in the order of events. */
  timeline: Step[];
  /** The locks on the sidecar at that moment. */
  held: HeldSidecar[];
  /** A sentence. */
  message: string;
  /** What to change, or what to trace next. */
  advice: string;
}

/** How a process reads or writes a file. */
export type Manner =
  /** Emptied or made shorter, then written. */
  | 'truncate'
  /** Written over. */
  | 'in place'
  | 'append'
  /** Renamed into its place. */
  | 'publish'
  | 'read'
  | 'map'
  /** Opened for writing; an audit log does not tell what was written. */
  | 'open';

/**
 * A process, or (in audit logs) a program, that read or wrote a file of interest: one that is locked, changed in place,
 * or in a finding.
 */
export interface FileUser {
  pid: number;
  program?: string;
  path: string;
  manners: Manner[];
  /** Number of accesses; descriptors and mappings, not calls of read and write. */
  count: number;
  /** How many accesses began under a lock on the sidecar. */
  locked: number;
  /** The first access. */
  line: number;
  log?: string;
  /** Only from audit logs. */
  audit?: {
    ppid: number;
    comm: string;
    exe: string;
    /** The command line, decoded. */
    proctitle?: string;
    /** All processes of this program under this parent; at most a hundred. */
    pids: number[];
    /** Names of the calls: `openat`, `truncate`. */
    syscalls: string[];
    /** `O_WRONLY`, `O_CREAT`, `O_TRUNC`, ... */
    flags: string[];
    /** Milliseconds since 1970. */
    firstMs: number;
    lastMs: number;
    /** `null` where there is only one. */
    perMinute: number | null;
  };
}

/** A log that was read. */
export interface LogSummary {
  name: string;
  /** `empty`: no line; `unknown`: none that could be understood. */
  format: 'strace' | 'audit' | 'empty' | 'unknown';
  lines: number;
  bytes: number;
  /** Lines that could not be understood. */
  garbage: number;
}

/** What `holdfast diagnose --json` prints. */
export interface DiagnoseReport {
  schema: 1;
  logs: LogSummary[];
  /**
   * How exact the order between processes is. `exact`: one log, or several with microseconds. `seconds`: several logs
   * with times in seconds. `unknown`: several logs without times. Where it is not exact, findings that depend on the
   * order say so.
   */
  order: 'exact' | 'seconds' | 'unknown';
  findings: Finding[];
  /** The number of findings that the report does not list. */
  omitted: number;
  writers: FileUser[];
  readers: FileUser[];
  /** The command that was traced, and its end. */
  command?: { argv: string[]; exitCode: number | null; signal: string | null };
  /** Whether the reading was interrupted: the report is about what was read until then. */
  interrupted: boolean;
}
