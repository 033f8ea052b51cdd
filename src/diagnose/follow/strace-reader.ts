import type { Inquiry } from '../evidence/index.js';
import { type CallName, type HalfCall, StraceLine } from '../strace/index.js';
import type { Task } from '../world/index.js';
import { explainLate, hitBySigbus, killed } from './deaths.js';
import { AT_ONCE, HANDLERS, WHEN_FAILED, WITHOUT_RESULT } from './handlers.js';

/** The longest interrupted call, with both halves; longer ones are skipped. */
const LONGEST_CALL = 64 * 1024;
const MOST_ANNOUNCED = 10_000;
const MAKES_TASKS: ReadonlySet<CallName> = new Set<CallName>(['clone', 'fork', 'vfork']);
const ENDED = Buffer.from(') = 0', 'latin1');

/** Applies the lines of strace logs, in the order of events, to an {@link Inquiry}. */
export class StraceReader {
  readonly #inquiry: Inquiry;
  readonly #whole = new StraceLine();
  readonly #joined = Buffer.allocUnsafeSlow(LONGEST_CALL);
  readonly #announced = new Set<number>();

  constructor(inquiry: Inquiry) {
    this.#inquiry = inquiry;
  }

  /**
   * Applies a line that has been parsed. `logPid`: the process of those lines of this log that do not name one; 0 where
   * it is not known.
   */
  take(line: StraceLine, logPid: number): void {
    const inquiry = this.#inquiry;
    inquiry.now += 1;
    inquiry.begun = inquiry.now;
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
        hitBySigbus(inquiry, this.#taskOf(line, logPid), line);
        break;
      case 'end':
        this.#end(this.#taskOf(line, logPid), line);
        break;
      case 'attached':
        this.#announce(line.pid);
        break;
      case 'other':
        if (line.pid !== 0 && inquiry.defaultPid === 0) this.#learn(line, logPid);
        if (inquiry.merged) this.#settle(inquiry.tasks.get(line.pid || logPid));
        break;
      case 'garbage':
        break;
    }
  }

  /** A child counts as possible until its first line. Of those that never have one, a limited number is kept. */
  #announce(pid: number): void {
    if (this.#announced.size >= MOST_ANNOUNCED) this.#announced.clear();
    this.#announced.add(pid);
  }

  /** The end of all logs. */
  finish(): void {
    explainLate(this.#inquiry);
    this.#inquiry.finish();
  }

  #taskOf(line: StraceLine, logPid: number): Task {
    const inquiry = this.#inquiry;
    const { tasks } = inquiry;
    const pid = line.pid || logPid;
    if (pid !== 0) {
      const known = tasks.get(pid);
      if (known !== undefined) return known;
      // `[pid 4242]` appears only when there is a second process: until then the lines named none.
      const nameless = inquiry.defaultPid === 0 ? tasks.get(0) : undefined;
      if (nameless !== undefined && !this.#announced.has(pid) && !isBusy(nameless, line)) {
        inquiry.learnPid(nameless, pid);
        return nameless;
      }
      return inquiry.taskOf(pid);
    }
    // strace names no process while there is only one (or only one left).
    return tasks.get(inquiry.defaultPid) ?? tasks.only() ?? tasks.appear(inquiry.defaultPid);
  }

  /**
   * A call of no interest, too, can tell the id of the process whose lines named none; but not while that process makes
   * a child, whose id it may be.
   */
  #learn(line: StraceLine, logPid: number): void {
    const { tasks, cloning } = this.#inquiry;
    const nameless = tasks.get(0);
    if (nameless !== undefined && !cloning.has(nameless)) this.#taskOf(line, logPid);
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
    HANDLERS[call](this.#inquiry, task, line);
  }

  #unfinished(task: Task, line: StraceLine): void {
    this.#settle(task);
    const inquiry = this.#inquiry;
    const { half } = task;
    half.keep(line, { line: inquiry.line, order: inquiry.now, timeMs: inquiry.timeMs });
    const { call } = line;
    if (call !== undefined && MAKES_TASKS.has(call)) inquiry.cloning.add(task);
    half.applied = call !== undefined && (AT_ONCE.has(call) || (call === 'flock' && half.text().includes('LOCK_UN')));
    if (half.applied && this.#isWhole(half, ENDED, 0, ENDED.length)) this.#call(task, this.#whole);
  }

  #resumed(task: Task, line: StraceLine): void {
    this.#settle(task);
    const { half } = task;
    if (!half.begun) return;
    half.begun = false;
    this.#inquiry.cloning.delete(task);
    if (
      half.applied ||
      !this.#isWhole(half, line.bytes, line.from, line.end) ||
      (line.call !== undefined && this.#whole.call !== line.call)
    )
      return;
    const inquiry = this.#inquiry;
    const { line: lineNumber, timeMs, now } = inquiry;
    inquiry.line = half.line;
    inquiry.timeMs = half.timeMs;
    inquiry.begun = half.order;
    this.#call(task, this.#whole);
    inquiry.line = lineNumber;
    inquiry.timeMs = timeMs;
    inquiry.begun = now;
  }

  /** Parses both halves of a call as one. */
  #isWhole(half: HalfCall, tail: Buffer, start: number, end: number): boolean {
    const length = half.join(this.#joined, tail, start, end);
    return length > 0 && this.#whole.parseBody(this.#joined, 0, length) === 'call';
  }

  #end(task: Task, line: StraceLine): void {
    this.#settle(task);
    const inquiry = this.#inquiry;
    const text = line.text(60);
    const successor = Number(/superseded by execve in pid (\d+)/.exec(text)?.[1] ?? 0);
    if (successor !== 0) {
      inquiry.tasks.replaceBy(task, successor);
      return;
    }
    killed(inquiry, task, line);
    if (text.includes('killed by')) inquiry.tasks.endProcess(task.process);
    else inquiry.tasks.end(task);
  }
}

/** Whether a process is in the middle of a call, so that another call is not its own. */
function isBusy({ half }: Task, { kind }: StraceLine): boolean {
  return half.begun && (kind === 'call' || kind === 'unfinished');
}
