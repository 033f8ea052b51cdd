import type { BenchValue } from '../values/index.js';

/** A result, or a promise of one: what is synchronous is measured as that. */
export type Eventually<T> = T | Promise<T>;

/** One way to share values between processes, as the driver uses it. What it cannot do, it leaves out. */
export interface Contender {
  read(key: string): Eventually<BenchValue | undefined>;
  write(key: string, value: BenchValue): Eventually<void>;
  /** Adds one to a number, 0 where there is none. */
  increment?(key: string): Eventually<void>;
  /** The number that increments have come to. */
  count?(key: string): Eventually<number>;
  /** Gives the value of a key; where there is none, the one that `load` resolves to, which is stored. */
  load?(key: string, load: () => Promise<BenchValue>): Promise<unknown>;
  /** Whether waits for its locks are told on the channel `holdfast:lock-wait`. */
  readonly tellsLockWaits?: boolean;
  /** Puts everything in its place, so that another process finds it. */
  close(): Eventually<void>;
}

/** What a module of contenders exports as `openContender`: opens one by its name, in a directory of its own. */
export type OpenContender = (name: string, directory: string) => Eventually<Contender>;
