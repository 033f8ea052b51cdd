import { monotonicNow } from '../../os/timers.js';
import type { Counters } from '../data/index.js';
import type { LifeEnd, RaceDeath, RaceLife, RaceSample } from '../report/index.js';
import { SizeWindow } from './size-window.js';

/** At most this many different texts of errors are reported. */
const KEPT_MESSAGES = 5;

/** Records what happens while a strategy runs: deaths and errors when they come, samples of the counters on demand. */
export class Recorder {
  readonly timeline: RaceSample[] = [];
  readonly errorMessages: string[] = [];
  readonly lives: RaceLife[] = [];
  readonly #counters: Counters;
  readonly #sizes: SizeWindow;
  #startedAt = Number.NaN;
  #sigbus = 0;
  #ended = 0;
  #firstDeathMs: number | null = null;
  #deaths: RaceDeath[] = [];
  /** The processes that take part, by process id. */
  readonly #living = new Map<number, { process: string; fromMs: number }>();

  constructor(counters: Counters, cachePath: string) {
    this.#counters = counters;
    this.#sizes = new SizeWindow(cachePath);
  }

  /** Time begins now. */
  begin(): void {
    this.#startedAt = monotonicNow();
  }

  get elapsedMs(): number {
    return toTenths(monotonicNow() - this.#startedAt);
  }

  get firstDeathMs(): number | null {
    return this.#firstDeathMs;
  }

  /** A process reads or writes from now on. */
  began(pid: number, process: string): void {
    this.#living.set(pid, { process, fromMs: this.elapsedMs });
  }

  /** A process has ended. One that had not begun has had no life in the race. */
  left(pid: number, end: LifeEnd): void {
    const life = this.#living.get(pid);
    if (life !== undefined)
      this.lives.push({ process: life.process, pid, fromMs: life.fromMs, toMs: this.elapsedMs, end });
    this.#living.delete(pid);
  }

  /** SIGBUS ended a process. */
  died(pid: number, process: string): void {
    const atMs = this.elapsedMs;
    this.#firstDeathMs ??= atMs;
    this.#sigbus += 1;
    this.#deaths.push({ atMs, pid, process });
  }

  /** A process ended unexpectedly: an error that it could not count itself. */
  ended(message: string): void {
    this.#ended += 1;
    this.reported(message);
  }

  /** The text of an error that has been counted. */
  reported(message: string): void {
    if (this.errorMessages.length < KEPT_MESSAGES && !this.errorMessages.includes(message)) {
      this.errorMessages.push(message);
    }
  }

  /** Measures the length of the file. */
  measureLength(): void {
    this.#sizes.measure();
  }

  /** Takes a sample, and keeps it. */
  sample(): RaceSample {
    const { reads, writes, empty, torn, errors } = this.#counters.totals();
    const sample: RaceSample = {
      atMs: this.elapsedMs,
      // A read that killed its process could not count itself.
      reads: reads + this.#sigbus,
      writes,
      sigbus: this.#sigbus,
      empty,
      torn,
      errors: errors + this.#ended,
      fileBytes: this.#sizes.now(),
      sizes: this.#sizes.take(),
      deaths: this.#deaths,
    };
    this.#deaths = [];
    this.timeline.push(sample);
    return sample;
  }
}

function toTenths(value: number): number {
  return Math.round(value * 10) / 10;
}
