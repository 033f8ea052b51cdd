import type { CallName } from './calls.js';
import { explainLate, hitBySigbus, killed } from './deaths.js';
import type { HalfCall } from './half-call.js';
import { AT_ONCE, HANDLERS, WHEN_FAILED, WITHOUT_RESULT } from './handlers.js';
import { StraceLine } from './strace-line.js';
import type { Trace } from './trace.js';
import type { Task } from './world.js';

/** Both halves of an interrupted call; what is longer is passed over. */
const LONGEST_CALL = 64 * 1024;
const MOST_ANNOUNCED = 10_000;
const MAKES_TASKS: ReadonlySet<CallName> = new Set<CallName>(['clone', 'fork', 'vfork']);
const ENDED = Buffer.from(') = 0', 'latin1');

/** Feeds the lines of strace logs, in the order in which they happened, to a {@link Trace}. */
export class StraceReader {
  readonly #trace: Trace;
  readonly #whole = new StraceLine();
  readonly #joined = Buffer.allocUnsafeSlow(LONGEST_CALL);
  readonly #announced = new Set<number>();
  #broken: Task | undefined;

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
      case 'broken':
        this.#announce(line.attached);
        this.#broken = this.#taskOf(line, logPid);
        this.#unfinished(this.#broken, line);
        break;
      case 'rest':
        if (this.#broken !== undefined) this.#resumed(this.#broken, line);
        break;
      case 'signal':
        hitBySigbus(trace, this.#taskOf(line, logPid), line);
        break;
      case 'end':
        this.#end(this.#taskOf(line, logPid), line);
        break;
      case 'attached':
        this.#announce(line.pid);
        break;
      case 'other':
        if (trace.merged) this.#settle(trace.tasks.get(line.pid || logPid));
        break;
      case 'garbage':
        break;
    }
  }

  /** Believed until its first line; of those that never have one not too many are kept. */
  #announce(pid: number): void {
    if (this.#announced.size >= MOST_ANNOUNCED) this.#announced.clear();
    this.#announced.add(pid);
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
    const { half } = task;
    half.keep(line, { line: trace.line, order: trace.now, timeMs: trace.timeMs });
    const { call } = line;
    if (call !== undefined && MAKES_TASKS.has(call)) trace.cloning.add(task);
    half.applied = call !== undefined && (AT_ONCE.has(call) || (call === 'flock' && half.text().includes('LOCK_UN')));
    if (half.applied && this.#isWhole(half, ENDED, 0, ENDED.length)) this.#call(task, this.#whole);
  }

  #resumed(task: Task, line: StraceLine): void {
    this.#settle(task);
    const { half } = task;
    if (!half.begun) return;
    half.begun = false;
    this.#trace.cloning.delete(task);
    if (
      half.applied ||
      !this.#isWhole(half, line.bytes, line.from, line.end) ||
      (line.call !== undefined && this.#whole.call !== line.call)
    )
      return;
    const trace = this.#trace;
    const { line: lineNumber, timeMs, now } = trace;
    trace.line = half.line;
    trace.timeMs = half.timeMs;
    trace.begun = half.order;
    this.#call(task, this.#whole);
    trace.line = lineNumber;
    trace.timeMs = timeMs;
    trace.begun = now;
  }

  /** Takes both halves of a call apart, as one. */
  #isWhole(half: HalfCall, tail: Buffer, start: number, end: number): boolean {
    const length = half.join(this.#joined, tail, start, end);
    return length > 0 && this.#whole.parseBody(this.#joined, 0, length) === 'call';
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
}
