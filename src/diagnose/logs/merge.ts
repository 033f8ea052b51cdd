import type { Log } from './log.js';

/** How exactly the order of lines is the order of events. */
export type Order = 'exact' | 'seconds' | 'unknown';

/** The lines of several logs in the order of events, as far as that is known. */
export interface Merge {
  readonly order: Order;
  /** Whether lines were put in order by when their calls began. */
  readonly merged: boolean;
  /** The log that has the next line, where it is in memory. `undefined`: call `wait()`. */
  next(): Log | undefined;
  /** Reads until a log has the next line. `undefined` at the end of all logs. */
  wait(): Promise<Log | undefined>;
  /** A process was made: lines of its own log come after this one. */
  began(pid: number): void;
}

/** Reads the first line of each log, and puts the logs in order. */
export async function inOrder(logs: readonly Log[]): Promise<Merge> {
  const [only] = logs;
  if (logs.length === 1 && only !== undefined) return single(only);
  const entries: Entry[] = [];
  for (const log of logs) if (await log.advance()) entries.push(new Entry(log));
  return new ManyLogs(entries);
}

function single(log: Log): Merge {
  return {
    order: 'exact',
    merged: false,
    next: () => (log.next() ? log : undefined),
    wait: async () => ((await log.advance()) ? log : undefined),
    began() {},
  };
}

class Entry {
  readonly log: Log;
  /** When its process was made. Among equals the latest goes first, since a parent often waits for its child. */
  rank = 0;
  /** Whether the log's process has been made: the logs show that, or no other process could have made it. */
  begun = false;
  startsWithExecve: boolean;

  constructor(log: Log) {
    this.log = log;
    this.startsWithExecve = log.line.call === 'execve';
  }

  get timeMs(): number {
    return Number.isNaN(this.log.timeMs) || !this.log.hasClock ? 0 : this.log.timeMs;
  }
}

class ManyLogs implements Merge {
  readonly order: Order;
  readonly merged = true;
  readonly #entries: Entry[];
  readonly #byPid = new Map<number, Entry>();
  #current: Entry | undefined;
  #ranks = 0;

  constructor(entries: Entry[]) {
    const clocks = entries.every(({ log }) => log.hasClock);
    this.order = !clocks ? 'unknown' : entries.some(({ log }) => log.wholeSeconds) ? 'seconds' : 'exact';
    // A log that names its processes has more than one of them: such logs are read in the order in which they were
    // given.
    this.#entries = entries.sort((one, other) => firstRank(one) - firstRank(other) || one.log.pid - other.log.pid);
    for (const entry of entries) {
      if (entry.log.pid !== 0 && !entry.log.namesPids) this.#byPid.set(entry.log.pid, entry);
      else entry.begun = true;
    }
  }

  next(): Log | undefined {
    const current = this.#current;
    if (current !== undefined) {
      if (!current.log.next()) return undefined;
      this.#current = undefined;
    }
    const best = this.#best();
    this.#current = best;
    return best?.log;
  }

  async wait(): Promise<Log | undefined> {
    const current = this.#current;
    if (current !== undefined && !(await current.log.advance())) {
      this.#entries.splice(this.#entries.indexOf(current), 1);
    }
    const best = this.#best();
    this.#current = best;
    return best?.log;
  }

  began(pid: number): void {
    const entry = this.#byPid.get(pid);
    if (entry === undefined) return;
    entry.begun = true;
    this.#ranks += 1;
    entry.rank = this.#ranks;
  }

  #best(): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries) if (best === undefined || goesBefore(entry, best)) best = entry;
    return best;
  }
}

function firstRank({ log, startsWithExecve }: Entry): number {
  return log.namesPids ? 0 : startsWithExecve ? 1 : 2;
}

function goesBefore(one: Entry, other: Entry): boolean {
  if (one.timeMs !== other.timeMs) return one.timeMs < other.timeMs;
  if (one.begun !== other.begun) return one.begun;
  return one.rank > other.rank;
}
