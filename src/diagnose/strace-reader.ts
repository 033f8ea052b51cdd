import { explainLate, hitBySigbus, killed } from './deaths.js';
import { AT_ONCE, HANDLERS, WHEN_FAILED, WITHOUT_RESULT } from './handlers.js';
import { StraceLine } from './strace-line.js';
import type { Trace } from './trace.js';
import type { Task } from './world.js';

/** The first half of an interrupted call is kept up to this length. */
const LONGEST_HALF = 8 * 1024;
const UNFINISHED_LENGTH = '<unfinished ...>'.length;
const ENDED = Buffer.from(') = 0', 'latin1');

/** Feeds the lines of strace logs, in the order in which they happened, to a {@link Trace}. */
export class StraceReader {
  readonly #trace: Trace;
  readonly #whole = new StraceLine();
  #joined = Buffer.allocUnsafe(2 * LONGEST_HALF);
  readonly #announced = new Set<number>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** A line that has been taken apart. `logPid`: whom the lines of this log are about that name no process; 0 where that is not known. */
  take(line: StraceLine, logPid: number): void {
    const trace = this.#trace;
    trace.now += 1;
    trace.begun = trace.now;
    switch (line.kind) {
      case 'call':
        this.#call(this.#taskOf(line, logPid), line);
        break;
      case 'unfinished':
        this.#unfinished(this.#taskOf(line, logPid), line);
        break;
      case 'resumed':
        this.#resumed(this.#taskOf(line, logPid), line);
        break;
      case 'signal':
        hitBySigbus(trace, this.#taskOf(line, logPid), line);
        break;
      case 'end':
        this.#end(this.#taskOf(line, logPid), line);
        break;
      case 'attached':
        this.#announced.add(line.pid);
        break;
      case 'other':
        if (trace.merged) this.#settle(trace.tasks.get(line.pid || logPid));
        break;
      case 'garbage':
        break;
    }
  }

  /** The end of all logs. */
  finish(): void {
    explainLate(this.#trace);
    this.#trace.finish();
  }

  #taskOf(line: StraceLine, logPid: number): Task {
    const trace = this.#trace;
    const { tasks } = trace;
    const pid = line.pid || logPid;
    if (pid !== 0) {
      const known = tasks.get(pid);
      if (known !== undefined) return known;
      // `[pid 4242]`, once there are others: until then its lines named no process.
      const nameless = trace.defaultPid === 0 ? tasks.get(0) : undefined;
      if (nameless !== undefined && !this.#announced.has(pid)) {
        trace.learnPid(nameless, pid);
        return nameless;
      }
      return trace.taskOf(pid);
    }
    // strace names no process where there is only one (left).
    return tasks.get(trace.defaultPid) ?? tasks.only() ?? tasks.appear(trace.defaultPid);
  }

  #settle(task: Task | undefined): void {
    const deferred = task?.deferred;
    if (task === undefined || deferred === undefined) return;
    task.deferred = undefined;
    deferred();
  }

  #call(task: Task, line: StraceLine): void {
    this.#settle(task);
    const { call, result } = line;
    if (call === undefined) return;
    if (result === -1 ? !WHEN_FAILED.has(call) : Number.isNaN(result) && !WITHOUT_RESULT.has(call)) return;
    HANDLERS[call](this.#trace, task, line);
  }

  #unfinished(task: Task, line: StraceLine): void {
    this.#settle(task);
    const trace = this.#trace;
    let end = line.end - UNFINISHED_LENGTH;
    while (end > line.from && line.bytes[end - 1] === 32) end -= 1;
    const length = Math.min(end - line.from, LONGEST_HALF);
    const half = Buffer.from(line.bytes.subarray(line.from, line.from + length));
    task.unfinished = half;
    task.unfinishedLine = trace.line;
    task.unfinishedOrder = trace.now;
    task.unfinishedTimeMs = trace.timeMs;
    const { call } = line;
    task.applied = call !== undefined && (AT_ONCE.has(call) || givesUpLock(half));
    if (!task.applied) return;
    const length2 = this.#join(half, ENDED, 0, ENDED.length);
    if (this.#whole.parseBody(this.#joined, 0, length2) === 'call') this.#call(task, this.#whole);
  }

  #resumed(task: Task, line: StraceLine): void {
    this.#settle(task);
    const half = task.unfinished;
    if (half === undefined) return;
    task.unfinished = undefined;
    if (task.applied) return;
    const trace = this.#trace;
    const { line: lineNumber, timeMs, now } = trace;
    const length = this.#join(half, line.bytes, line.from, line.end);
    if (this.#whole.parseBody(this.#joined, 0, length) !== 'call' || this.#whole.call !== line.call) return;
    trace.line = task.unfinishedLine;
    trace.timeMs = task.unfinishedTimeMs;
    trace.begun = task.unfinishedOrder;
    this.#call(task, this.#whole);
    trace.line = lineNumber;
    trace.timeMs = timeMs;
    trace.begun = now;
  }

  #end(task: Task, line: StraceLine): void {
    this.#settle(task);
    const trace = this.#trace;
    const text = line.text(60);
    const successor = Number(/superseded by execve in pid (\d+)/.exec(text)?.[1] ?? 0);
    if (successor !== 0) {
      trace.tasks.replaceBy(task, successor);
      return;
    }
    killed(trace, task, line);
    if (text.includes('killed by')) trace.tasks.endProcess(task.process);
    else trace.tasks.end(task);
  }

  #join(head: Uint8Array, tail: Uint8Array, start: number, end: number): number {
    const length = head.length + end - start;
    if (length > this.#joined.length) this.#joined = Buffer.allocUnsafe(length * 2);
    this.#joined.set(head, 0);
    this.#joined.set(tail.subarray(start, end), head.length);
    return length;
  }
}

/** `flock(3, LOCK_UN`: the next one may get the lock before this call is resumed in the log. */
function givesUpLock(half: Buffer): boolean {
  return half.length < 400 && half.includes('LOCK_UN') && half.toString('latin1', 0, 6) === 'flock(';
}
