/** What can be found. In the order in which a report lists it: the deaths first, then what would have explained them. */
export const FINDING_KINDS = [
  /** A process was killed (or hit) by SIGBUS at an address of a mapped file that had been made shorter. */
  'sigbus-after-truncate',
  /** A file was made shorter while somebody had the pages mapped that went away. Nobody has touched them yet. */
  'truncate-under-mapping',
  /** A read from the beginning of a file gave nothing, since somebody had emptied it and not written it yet. */
  'empty-read',
  /** A file was read while somebody was changing it in place, and neither held a lock. */
  'torn-read-risk',
  /** Others lock the sidecar of this file, which is changed in place; this process read it without. */
  'unlocked-reader',
  /** Others lock the sidecar of this file; this process changed it in place without, or under a shared lock. */
  'unlocked-writer',
  /** The lock was taken, but only after `O_TRUNC` had emptied the file. */
  'lock-after-truncate',
  /** The lock was held on a sidecar that did not stand at its path any more: it excludes nobody who comes later. */
  'lock-on-unlinked-sidecar',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** How a process is concerned in a finding. */
export type Role = 'victim' | 'culprit' | 'reader' | 'writer';

/** What a line of a log did to the file of a finding. */
export type StepKind =
  | 'open'
  /** Asked for the length: fstat and its kin. */
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

/** A line of a log as evidence: who did what to the file, in the order of the log. */
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
  /** Milliseconds: since 1970 for logs with `-ttt`, since midnight with `-t` and `-tt`, since the beginning with `-r`. Absent where the log has no times. */
  timeMs?: number;
  /** The call as the log has it, without process and time; shortened where it is long. Control characters are shown as `\u….`. */
  call: string;
}

/** Who held the sidecar of the file at the moment that the finding is about. */
export interface HeldSidecar {
  pid: number;
  path: string;
  mode: 'shared' | 'exclusive';
  /** Where it was taken. */
  line: number;
  log?: string;
}

/** A process in a finding. */
export interface Party {
  pid: number;
  tid?: number;
  /** What the process runs: the path of the last execve, or the name in the log (`-Y`, audit), where there is one. */
  program?: string;
  /** The call that the finding is about, as in its {@link Step}. */
  call?: string;
  line?: number;
  log?: string;
  /** The lock that this process held on the sidecar then. */
  lock: 'none' | 'shared' | 'exclusive';
}

/** Who was hit by SIGBUS, or may be. */
export interface Victim extends Party {
  /** Where it was hit: `0x7f12b48b2000`. Absent where nobody was hit yet. */
  address?: string;
  mapping?: {
    /** Where the mapping begins: `0x7f12b48b2000`. */
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

/** One thing that was found. */
export interface Finding {
  kind: FindingKind;
  /** The file; `null` where a process died in a mapping that the log does not show. */
  path: string | null;
  victim?: Victim;
  /** Absent in a `sigbus-after-truncate`: whoever it was is not in the log. */
  culprit?: Party;
  reader?: Party;
  writer?: Party;
  /** How often the log shows it, for the same file and the same processes. The steps are those of the first time. */
  count: number;
  /** The line numbers of `timeline`. */
  evidence: number[];
  /** The lines that show it, in the order in which they happened. */
  timeline: Step[];
  /** Who held the sidecar at that moment. */
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
  /** Opened for writing; what came of it the log does not tell (audit logs). */
  | 'open';

/** A process, or (in audit logs) a program, that read or wrote a file which is of interest: locked, changed in place, or in a finding. */
export interface FileUser {
  pid: number;
  program?: string;
  path: string;
  manners: Manner[];
  /** Number of accesses; descriptors and mappings, not calls of read and write. */
  count: number;
  /** How many of them began under a lock on the sidecar. */
  locked: number;
  /** The first of them. */
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
   * What is known of the order between processes. `exact`: one log, or several with microseconds. `seconds`: several logs with times in
   * seconds. `unknown`: several logs without times. Where it is not exact, findings that rest on the order say so.
   */
  order: 'exact' | 'seconds' | 'unknown';
  findings: Finding[];
  /** Findings beyond the number that a report lists. */
  omitted: number;
  writers: FileUser[];
  readers: FileUser[];
  /** The command that was traced, and how it ended. */
  command?: { argv: string[]; exitCode: number | null; signal: string | null };
  /** Whether the reading was interrupted: the report is about what was read until then. */
  interrupted: boolean;
}
