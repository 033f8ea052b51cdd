import { monotonicNow } from '../../os/timers.js';
import type { Counters } from '../data/index.js';
import type { LifeEnd, RaceDeath, RaceLife, RaceSample } from '../report/index.js';
import { SizeWindow } from './size-window.js';

/** More texts of errors than this help nobody. */
const KEPT_MESSAGES = 5;

/** Keeps what happens while a strategy runs: deaths and errors as they come, samples of the counters when asked. */
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
  /** Who is taking part, by process id. */
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

  /** A process is gone. Who was not ready yet has had no life in the race. */
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

  /** A process ended that should not have: an error that it could not count itself. */
  ended(message: string): void {
    this.#ended += 1;
    this.reported(message);
  }

  /** What an error said that is counted already. */
  reported(message: string): void {
    if (this.errorMessages.length < KEPT_MESSAGES && !this.errorMessages.includes(message)) {
      this.errorMessages.push(message);
    }
  }

  /** Looks at the length of the file. */
  look(): void {
    this.#sizes.look();
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
