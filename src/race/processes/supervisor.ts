import { fileURLToPath } from 'node:url';
import { delay } from '../../os/timers.js';
import type { LifeEnd } from '../report/index.js';
import type { Assignment } from './child.js';
import { Place } from './place.js';

/** How long a process may take to finish its operation when it was told to stop. */
const STOP_GRACE_MS = 10_000;
/** A forked Node is ready after some 50 ms, on a busy machine later. */
const READY_WITHIN_MS = 60_000;

/** What the supervisor is told about its processes. */
export interface SupervisorEvents {
  /** A process reads or writes from now on. */
  began(pid: number, process: string): void;
  /** A process has ended, whatever the reason. */
  left(pid: number, end: LifeEnd): void;
  /** SIGBUS ended a process; `process` names it. */
  died(pid: number, process: string): void;
  /** A process reports an error that it has counted. */
  reported(message: string): void;
  /** A process ended unexpectedly, and not by SIGBUS. */
  ended(message: string): void;
}

/** Starts the readers and writers of one strategy, replaces a process that dies, and ends them all. */
export class Supervisor {
  readonly #places: readonly Place[];
  readonly #failure = new AbortController();
  readonly #killAll = () => {
    for (const place of this.#places) place.kill();
  };
  #unready: number;
  #allReady: () => void = () => {};

  /** `childFolder` holds the entries, `reader.js` and `writer.js`; processes run in `folder`. */
  constructor(assignments: readonly Assignment[], childFolder: URL, folder: string, events: SupervisorEvents) {
    this.#unready = assignments.length;
    this.#places = assignments.map((assignment) => {
      const entry = fileURLToPath(new URL(`${assignment.role}.js`, childFolder));
      const place: Place = new Place(assignment, entry, folder, {
        ready: () => this.#countReady(),
        began: (pid) => events.began(pid, place.name),
        left: events.left,
        died: (pid) => events.died(pid, place.name),
        reported: events.reported,
        ended: events.ended,
        failed: (error) => this.#failure.abort(error),
      });
      return place;
    });
  }

  /** Aborts when a process cannot be started; the reason is the error. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  /** Starts all processes. Resolves when all wait for {@link go}; rejects with the signal's reason. */
  async start(signal: AbortSignal): Promise<void> {
    // Before the listener that removes the folder: by then no process may make files in it.
    process.prependListener('exit', this.#killAll);
    const late = new AbortController();
    const allReady = new Promise<void>((resolve) => {
      this.#allReady = resolve;
    });
    for (const place of this.#places) place.start();
    try {
      const limit = AbortSignal.any([signal, late.signal]);
      await Promise.race([allReady, timeLimit(READY_WITHIN_MS, limit)]);
    } finally {
      late.abort();
    }
  }

  /** Lets all processes begin at once. */
  go(): void {
    for (const place of this.#places) place.go();
  }

  /** Ends the race. Resolves when every process has ended. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.stop(STOP_GRACE_MS)));
    process.removeListener('exit', this.#killAll);
  }

  #countReady(): void {
    this.#unready -= 1;
    if (this.#unready === 0) this.#allReady();
  }
}

/** Rejects after a time, or with the signal's reason. */
async function timeLimit(milliseconds: number, signal: AbortSignal): Promise<never> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
  throw new Error(`The processes of the race were not ready within ${milliseconds / 1_000} s.`);
}
