import type { BenchValue } from '../values/index.js';

/** A result, or a promise of one: a synchronous operation is measured without a promise. */
export type Eventually<T> = T | Promise<T>;

/** One way to share values between processes, as the driver uses it. A contender leaves out what it cannot do. */
export interface Contender {
  read(key: string): Eventually<BenchValue | undefined>;
  write(key: string, value: BenchValue): Eventually<void>;
  /** Adds one to a number, which begins at 0. */
  increment?(key: string): Eventually<void>;
  /** The present number. */
  count?(key: string): Eventually<number>;
  /** The value of a key. Where there is none, `load` makes it, and it is stored. */
  load?(key: string, load: () => Promise<BenchValue>): Promise<unknown>;
  /** Whether it publishes waits for its locks on the channel `holdfast:lock-wait`. */
  readonly tellsLockWaits?: boolean;
  /** Finishes all writes, so that another process finds the values. */
  close(): Eventually<void>;
}

/** The function `openContender` of a module of contenders: opens one by its name, in a directory of its own. */
export type OpenContender = (name: string, directory: string) => Eventually<Contender>;
