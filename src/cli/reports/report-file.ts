import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fchownSync, fsyncSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { quietly } from '../../errors.js';
import { writeFully } from '../process/index.js';
import { assertReplaceable, type OutputPath } from './output-path.js';

/** Text is written in pieces of about this length: a watch reports thousands of events a second. */
const BUFFER_CHARACTERS = 64 * 1024;

/**
 * A report that is being written: it grows under a temporary name, and `commit` renames it in one step. Until then, and
 * on any failure, the file that was there stays. `abandon` removes the temporary file; so does the end of the process,
 * unless it is killed.
 *
 * Synchronous, so that no signal comes in between.
 */
export class ReportFile {
  readonly #output: OutputPath;
  readonly #temporaryPath: string;
  readonly #removeAtExit = () => this.abandon();
  #fd: number | undefined;
  #waiting = '';

  constructor(output: OutputPath) {
    this.#output = output;
    this.#temporaryPath = `${dirname(output.path)}/.holdfast-${randomBytes(12).toString('hex')}.tmp`;
    const old = statSync(output.path, { throwIfNoEntry: false });
    this.#fd = openSync(this.#temporaryPath, 'wx', old === undefined ? 0o666 : old.mode & 0o777);
    process.on('exit', this.#removeAtExit);
    if (old === undefined) return;
    const fd = this.#fd;
    // A report of another user keeps its owner, where this process may set it. That, like the mode, is no reason to
    // fail.
    quietly(() => fchownSync(fd, old.uid, old.gid));
    quietly(() => fchmodSync(fd, old.mode & 0o777));
  }

  append(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= BUFFER_CHARACTERS) this.#write();
  }

  /** Throws the system's error where the report could not be written, and abandons it then. */
  commit(): void {
    try {
      this.#write();
      const fd = this.#open();
      // A write that the disk refuses late is an error now, not an empty report later.
      fsyncSync(fd);
      this.#fd = undefined;
      closeSync(fd);
      // Another file may have come meanwhile: a race takes long, and a traced command may write anything.
      assertReplaceable(this.#output);
      renameSync(this.#temporaryPath, this.#output.path);
      process.off('exit', this.#removeAtExit);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Idempotent. Does nothing after a commit. */
  abandon(): void {
    process.off('exit', this.#removeAtExit);
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) quietly(() => closeSync(fd));
    quietly(() => unlinkSync(this.#temporaryPath));
  }

  #write(): void {
    writeFully(this.#open(), Buffer.from(this.#waiting));
    this.#waiting = '';
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error('This report has ended.');
    return this.#fd;
  }
}
