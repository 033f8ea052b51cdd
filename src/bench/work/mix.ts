import { readdirSync } from 'node:fs';
import { monotonicNow, nextTurn } from '../../os/timers.js';
import { seededRandom } from '../../race/data/index.js';
import type { Contender } from '../contenders/index.js';
import { type BenchValue, ErrorsMet, Histogram, keyName, LockWaits, Values } from '../values/index.js';
import type { Assignment, MixOutcome } from './assignment.js';

/** How often the event loop turns, so that timers of the contender run, and the end of the driver is noticed. */
const TURN_EVERY_MS = 20;
/**
 * The steps of a process are drawn before it begins, so that they cost nothing in between; at the end it starts over.
 */
const SCHEDULE_LENGTH = 1 << 15;

/**
 * Reads and writes at random keys, one operation after the other, until the time is over. Each operation ends where the
 * next one begins, so that each costs one look at the clock; turns of the event loop between two count for neither.
 */
export async function mix(contender: Contender, own: Assignment): Promise<MixOutcome> {
  const run = new MixRun(contender, own);
  const waits = new LockWaits();
  waits.listen();
  try {
    await run.until(monotonicNow() + own.warmUpMs);
    run.clear();
    waits.clear();
    const cpu = process.cpuUsage();
    const start = monotonicNow();
    await run.until(start + own.measureMs);
    const elapsedMs = monotonicNow() - start;
    const { user, system } = process.cpuUsage(cpu);
    return {
      ...run.counted,
      elapsedMs,
      cpuMs: (user + system) / 1_000,
      lockWaits: contender.tellsLockWaits === true ? waits.counted : null,
      descriptors: openDescriptors(),
    };
  } finally {
    waits.end();
  }
}

class MixRun {
  readonly #contender: Contender;
  readonly #values: Values;
  readonly #keys: readonly string[];
  /** For each step the key to read, or the key to write with all its bits inverted. */
  readonly #schedule: Int32Array;
  /** The value of each key that was judged last: the same object is not judged twice. */
  readonly #judged: (BenchValue | undefined)[];
  readonly #latency = new Histogram();
  #errors = new ErrorsMet();
  #step = 0;
  #reads = 0;
  #writes = 0;
  #empty = 0;
  #torn = 0;

  constructor(contender: Contender, { bytes, seed, number, keys, reads }: Assignment) {
    this.#contender = contender;
    this.#values = new Values(bytes, seed, number);
    this.#keys = Array.from({ length: keys }, (_, index) => keyName(index));
    this.#judged = new Array(keys).fill(undefined);
    const random = seededRandom(seed, number);
    this.#schedule = Int32Array.from({ length: SCHEDULE_LENGTH }, () => {
      const key = random() % keys;
      return random() % 100 < reads ? key : ~key;
    });
  }

  clear(): void {
    this.#latency.clear();
    this.#errors = new ErrorsMet();
    this.#reads = 0;
    this.#writes = 0;
    this.#empty = 0;
    this.#torn = 0;
  }

  get counted() {
    return {
      operations: this.#reads + this.#writes,
      reads: this.#reads,
      writes: this.#writes,
      latency: this.#latency.toMessage(),
      empty: this.#empty,
      torn: this.#torn,
      errors: this.#errors.count,
      errorMessages: this.#errors.messages,
    };
  }

  async until(deadline: number): Promise<void> {
    let last = monotonicNow();
    let nextTurnAt = last + TURN_EVERY_MS;
    while (last < deadline) {
      const place = this.#schedule[this.#step] ?? 0;
      this.#step = (this.#step + 1) % SCHEDULE_LENGTH;
      try {
        if (place >= 0) {
          const reading = this.#contender.read(this.#keys[place] ?? '');
          this.#judge(place, reading instanceof Promise ? await reading : reading);
        } else {
          const writing = this.#contender.write(this.#keys[~place] ?? '', this.#values.next());
          if (writing instanceof Promise) await writing;
          this.#writes += 1;
        }
        const now = monotonicNow();
        this.#latency.add(now - last);
        last = now;
      } catch (error) {
        this.#blame(error);
        last = monotonicNow();
      }
      if (last >= nextTurnAt) {
        await nextTurn();
        last = monotonicNow();
        nextTurnAt = last + TURN_EVERY_MS;
      }
    }
  }

  #judge(place: number, value: BenchValue | undefined): void {
    this.#reads += 1;
    if (value !== undefined && value === this.#judged[place]) return;
    const finding = this.#values.judge(value);
    if (finding === 'ok') this.#judged[place] = value;
    else if (finding === 'empty') this.#empty += 1;
    else this.#torn += 1;
  }

  /** A value that cannot be parsed was torn, whatever the error says. */
  #blame(error: unknown): void {
    if (error instanceof SyntaxError || (error instanceof Error && error.cause instanceof SyntaxError)) this.#torn += 1;
    else this.#errors.add(error);
  }
}

function openDescriptors(): number | null {
  try {
    // One of them is the descriptor of this directory.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return null;
  }
}
