import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { errorCode } from '../../errors.js';
import { original } from '../seam/index.js';
import { type ProcessLine, TRACE_SCHEMA, type TraceLine } from './access.js';

/** Paths and URLs may be confidential. */
export const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;

/**
 * The log of this thread: one file, with one line and one write(2) for each access, before the access. A written line
 * is in the page cache, and survives when the process is killed. It is not flushed, so a power cut may take the end.
 */
export class TraceLog {
  readonly path: string;
  #fd: number | undefined;
  #complained = false;

  /** Throws where the directory cannot be made or written to. */
  constructor(directory: string, patterns: readonly string[]) {
    original.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    const time = Date.now();
    // Containers that share a directory may have processes with the same id, so the name is random as well.
    const random = randomBytes(4).toString('hex');
    this.path = join(directory, `${time}-${process.pid}-${threadId}-${random}.jsonl`);
    this.#fd = original.openSync(this.path, FLAGS | constants.O_EXCL, FILE_MODE);
    const header: ProcessLine = {
      kind: 'process',
      schema: TRACE_SCHEMA,
      pid: process.pid,
      parentPid: process.ppid,
      thread: threadId,
      time,
      script: process.argv[1] ?? '',
      patterns,
    };
    this.append(header);
  }

  /** Never throws: a failure to log must not change the program. The first one is reported as a process warning. */
  append(line: TraceLine): void {
    try {
      this.#fd ??= original.openSync(this.path, FLAGS, FILE_MODE);
      original.writeSync(this.#fd, `${JSON.stringify(line)}\n`);
    } catch (error) {
      if (this.#complained) return;
      this.#complained = true;
      process.emitWarning(`The trace cannot be written to ${this.path} (${errorCode(error)}); it has gaps.`, {
        type: 'HoldfastWarning',
        code: 'HOLDFAST_TRACE_GAP',
      });
    }
  }

  /**
   * To be called when the program closes a descriptor: some daemons close all they find. If it is that of the log, its
   * number may refer to another file from now on.
   */
  closing(fd: number): void {
    if (fd === this.#fd) this.#fd = undefined;
  }
}
