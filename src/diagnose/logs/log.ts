import { isAuditLine } from '../audit/index.js';
import { type ByteSource, LogCursor, SPACE } from '../lines/index.js';
import type { LogSummary } from '../report/index.js';
import { WholeLine } from '../strace/index.js';

const OTHER_CALL =
  /\) += |<(?:unfinished|detached) \.\.\.>$|^ > |resumed>|---$|^(?:\S*\/)?strace: |\w\([^)]*strace: |Process (?:PID=)?\d+ /;
const DAY_MS = 86_400_000;

/** A log while it is read: its next line, parsed, and the time of that line. */
export class Log {
  readonly index: number;
  readonly cursor: LogCursor;
  readonly line = new WholeLine();
  /** The process of lines that do not name one: from the name of the file, `trace.4242`. 0: not known. */
  readonly pid: number;
  format: LogSummary['format'] = 'empty';
  /** How many lines could not be understood. */
  garbage = 0;
  /** The time of the next line; NaN where the log has no times. */
  timeMs = Number.NaN;
  wholeSeconds = false;
  /** Whether the lines have a time of day: `-r` alone gives none. */
  hasClock = false;
  /** Whether the lines name their processes. */
  namesPids = false;
  #midnights = 0;
  #lastClock = Number.NaN;

  constructor(index: number, name: string, source: ByteSource, pid: number, bufferLength: number) {
    this.index = index;
    this.pid = pid;
    this.cursor = new LogCursor(name, source, bufferLength);
  }

  /** Goes on to the next line that is in memory. False: `fill()` first, or the log has ended. */
  next(): boolean {
    if (!this.cursor.next()) return false;
    if (this.format === 'audit') return true;
    const { bytes, start, end } = this.cursor;
    const { line } = this;
    if (line.read(this.cursor) === 'garbage') {
      if (this.format !== 'strace' && isAuditLine(bytes, start, end)) {
        this.format = 'audit';
        this.garbage = 0;
        return true;
      }
      if (!isBlank(bytes, start, end)) this.garbage += 1;
      if (this.format === 'empty') this.format = 'unknown';
      return true;
    }
    if (this.format !== 'strace') {
      // Many texts have a name and a parenthesis, so these are not enough.
      if (line.kind === 'other' && !OTHER_CALL.test(bytes.toString('latin1', start, end))) {
        this.garbage += 1;
        this.format = 'unknown';
        return true;
      }
      this.format = 'strace';
    }
    if (line.pid !== 0 && line.kind !== 'attached') this.namesPids = true;
    this.#tellTime();
    return true;
  }

  /** Reads until there is a next line. False at the end of the log. */
  async advance(): Promise<boolean> {
    for (;;) {
      if (this.next()) return true;
      if (!(await this.cursor.fill())) return this.next();
    }
  }

  summary(): LogSummary {
    const { name, line, bytesRead, cut } = this.cursor;
    return { name, format: this.format, lines: line, bytes: bytesRead, garbage: this.garbage + cut };
  }

  #tellTime(): void {
    const { timeMs, sincePreviousMs, wholeSeconds } = this.line;
    if (!Number.isNaN(timeMs)) {
      this.wholeSeconds = wholeSeconds;
      this.hasClock = true;
      // The times of `-t` and `-tt` start over at midnight.
      if (timeMs < DAY_MS * 2 && timeMs + DAY_MS / 2 < this.#lastClock) this.#midnights += DAY_MS;
      this.#lastClock = timeMs;
      this.timeMs = timeMs + this.#midnights;
    } else if (!Number.isNaN(sincePreviousMs)) {
      this.timeMs = (Number.isNaN(this.timeMs) ? 0 : this.timeMs) + sincePreviousMs;
    }
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] !== SPACE) return false;
  return true;
}
