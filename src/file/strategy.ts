import type { HeldLock, LockMode, WaitOptions } from '../lock/index.js';

export type StrategyName = 'flock' | 'rename' | 'write-file-atomic' | 'proper-lockfile';

export interface PutOptions {
  readonly mode: number | undefined;
  readonly flush: boolean;
}

/** One change of a file, begun under the exclusive lock. It ends with `commit` or `abandon`. */
export interface Edit {
  /** The old content; `undefined` where there is no file. */
  readonly old: Buffer | undefined;
  commit(data: Buffer, options: PutOptions): void | Promise<void>;
  abandon(): void;
}

/**
 * How readers and writers of one file stay out of each other's way: whether readers lock, with what, and how new
 * content replaces the old. Writers of every strategy hold the exclusive lock around {@link put}.
 */
export interface Strategy {
  readonly name: StrategyName;
  /** Whether a reader must hold the shared lock: true where {@link put} changes the file that readers have open. */
  readonly readersLock: boolean;
  lock(path: string | URL, mode: LockMode, wait: WaitOptions): Promise<HeldLock>;
  /** Makes `data` the content of the file at `lock.path`. The caller holds that exclusive lock. */
  put(lock: HeldLock, data: Buffer, options: PutOptions): void | Promise<void>;
  /**
   * Reads the file for a change that may follow. A strategy without it reads the file as usual, then calls {@link put}.
   */
  edit?(lock: HeldLock): Edit | Promise<Edit>;
  /** Throws where another process has taken the lock away. Absent where that cannot happen. */
  assertHeld?(lock: HeldLock): void;
}
