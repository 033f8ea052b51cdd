import { type ChildProcess, fork } from 'node:child_process';
import { clearTimeout, setTimeout } from '../../os/timers.js';
import type { LifeEnd } from '../report/index.js';
import type { Assignment, ChildMessage, SupervisorMessage } from './child.js';

/** What a place reports about its processes. */
export interface PlaceEvents {
  /** A process is waiting for `go`. */
  ready(): void;
  /** A process was told to go. */
  began(pid: number): void;
  /** A process has ended, whatever the reason. The last report about it. */
  left(pid: number, end: LifeEnd): void;
  /** SIGBUS ended a process. */
  died(pid: number): void;
  /** A process reports an error that it has counted. */
  reported(message: string): void;
  /** A process ended unexpectedly, and not by SIGBUS. */
  ended(message: string): void;
  /** No process could be started here, or it ended before it was ready. */
  failed(error: unknown): void;
}

/** Signals by which a person, or the system, ends processes. They say nothing about a strategy. */
const ENDED_FROM_OUTSIDE: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * The place of one reader or writer in the race: its process and, when that has died, the next one. How a process died
 * is known from its exit signal, which only its parent sees.
 */
export class Place {
  readonly #assignment: Assignment;
  readonly #entry: string;
  readonly #folder: string;
  readonly #events: PlaceEvents;
  #child: ChildProcess | undefined;
  #phase: 'waiting' | 'going' | 'stopping' = 'waiting';
  /** Whether the present process waits for `go`. */
  #ready = false;

  constructor(assignment: Assignment, entry: string, folder: string, events: PlaceEvents) {
    this.#assignment = assignment;
    this.#entry = entry;
    this.#folder = folder;
    this.#events = events;
  }

  /** `reader 2`. */
  get name(): string {
    return `${this.#assignment.role} ${this.#assignment.number}`;
  }

  /** Starts a process in this place. */
  start(): void {
    try {
      this.#fork();
    } catch (error) {
      this.#events.failed(error);
    }
  }

  /** Lets the process begin, and each that follows it. */
  go(): void {
    this.#phase = 'going';
    this.#letGo();
  }

  /**
   * Lets the process finish its operation and exit. A process that has not begun is killed; so is one that still runs
   * after `graceMs`, which is an error. Resolves when no process is left.
   */
  async stop(graceMs: number): Promise<void> {
    this.#phase = 'stopping';
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (!this.#ready) {
      child.kill('SIGKILL');
      await gone;
      return;
    }
    this.#tell('stop');
    const timer = setTimeout(() => {
      this.#events.ended(`${this.name} did not stop within ${graceMs} ms.`);
      child.kill('SIGKILL');
    }, graceMs);
    await gone;
    clearTimeout(timer);
  }

  /** Kills the process, without waiting for its end. */
  kill(): void {
    this.#phase = 'stopping';
    this.#child?.kill('SIGKILL');
  }

  #fork(): void {
    // In the race's own folder: core files are removed together with it.
    const child = fork(this.#entry, [JSON.stringify(this.#assignment)], {
      cwd: this.#folder,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#ready = false;
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'error') return this.#events.reported(message.message);
      this.#ready = true;
      this.#events.ready();
      if (this.#phase === 'going') this.#letGo();
    });
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      this.#child = undefined;
      this.#events.failed(error);
    });
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      const stopped = this.#phase === 'stopping' ? 'stopped' : 'other';
      if (this.#phase !== 'stopping' || signal === 'SIGBUS') this.#judge(child.pid ?? 0, code, signal);
      this.#events.left(child.pid ?? 0, signal === 'SIGBUS' ? 'sigbus' : stopped);
    });
  }

  #judge(pid: number, code: number | null, signal: NodeJS.Signals | null): void {
    const end = `${this.name} ended with ${signal ?? `exit status ${code}`}`;
    if (signal === 'SIGBUS') this.#events.died(pid);
    else if (signal === null || !ENDED_FROM_OUTSIDE.includes(signal)) {
      if (!this.#ready) {
        this.#events.failed(new Error(`${end} before it could begin.`));
        return;
      }
      this.#events.ended(`${end}.`);
    }
    if (this.#phase !== 'stopping') this.start();
  }

  #letGo(): void {
    const pid = this.#child?.pid;
    if (pid !== undefined) this.#events.began(pid);
    this.#tell('go');
  }

  #tell(message: SupervisorMessage): void {
    // A process that has just died cannot receive it; its exit is reported instead.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }
}
