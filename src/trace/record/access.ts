import type { LockMode } from '../../os/flock.js';

/** The version of the lines of a log, and of the report. */
export const TRACE_SCHEMA = 1;

/**
 * The kind of an access.
 *
 * `read`, `map`: reads the content. `truncate`, `write`, `append`: changes an inode that others may have open.
 * `create`: makes the file where there was none, and `fill` writes into one that was made by the same open. `publish`:
 * puts another inode under the name (rename, link). `move`: takes the name away from an inode, or gives it a second
 * one. `remove`: unlinks it.
 */
export type How = 'read' | 'map' | 'truncate' | 'write' | 'append' | 'create' | 'fill' | 'publish' | 'move' | 'remove';

/** Which lock the accessing thread had on the sidecar. `unknown` where the system does not tell (no /proc). */
export type LockState = 'none' | 'unknown' | LockMode;

/** A place in the source of the program. Lines and columns begin with 1. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly function?: string;
}

/** The HTTP request in whose asynchronous context an access was made. */
export interface RequestLine {
  readonly method: string;
  readonly url: string;
}

/** The first line of a log: the process and thread that wrote it. */
export interface ProcessLine {
  readonly kind: 'process';
  readonly schema: typeof TRACE_SCHEMA;
  readonly pid: number;
  readonly parentPid: number;
  /** 0 is the main thread. */
  readonly thread: number;
  /** Milliseconds since 1970, as every time here. */
  readonly time: number;
  readonly script: string;
  readonly patterns: readonly string[];
}

/** One access to a watched file. It is written before the access, so it does not tell whether the access succeeded. */
export interface AccessLine {
  readonly kind: 'access';
  readonly time: number;
  /** The data file, symbolic links followed. */
  readonly path: string;
  readonly how: How;
  /** The function that was called: `fs.readFileSync`, `FileHandle.read`. */
  readonly call: string;
  readonly lock: LockState;
  readonly site?: CallSite;
  readonly request?: RequestLine;
  /** Written at the end of an access that began under a lock: the lock was given up before the end. */
  readonly late?: true;
}

/** The last line of a log. A process that was killed has written none. */
export interface ExitLine {
  readonly kind: 'exit';
  readonly time: number;
  readonly status: number;
}

export type TraceLine = ProcessLine | AccessLine | ExitLine;
