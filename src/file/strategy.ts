import type { HeldLock, LockMode, WaitOptions } from '../lock/index.js';

export type StrategyName = 'flock' | 'rename' | 'write-file-atomic' | 'proper-lockfile';

export interface PutOptions {
  readonly mode: number | undefined;
  readonly flush: boolean;
}

/** A file opened for one change, under the exclusive lock. Ends with `commit` or `abandon`. */
export interface Edit {
  /** The content, `undefined` where there is no file. */
  readonly old: Buffer | undefined;
  commit(data: Buffer, options: PutOptions): void | Promise<void>;
  abandon(): void;
}

/**
 * How readers and writers of one file stay out of each other's way. A strategy says whether readers lock, with what, and how new content
 * takes the place of the old. Writers of every strategy are alone: they hold the exclusive lock around {@link put}.
 */
export interface Strategy {
  readonly name: StrategyName;
  /** Whether a reader must hold the shared lock: true where {@link put} changes the file that readers have open. */
  readonly readersLock: boolean;
  lock(path: string | URL, mode: LockMode, wait: WaitOptions): Promise<HeldLock>;
  /** Makes `data` the content of the file at `lock.path`. The caller holds that exclusive lock. */
  put(lock: HeldLock, data: Buffer, options: PutOptions): void | Promise<void>;
  /** Reads the file for a change that may follow. Where it is absent, {@link put} follows a plain reading. */
  edit?(lock: HeldLock): Edit | Promise<Edit>;
  /** Throws where the lock was lost while it was believed to be held. Absent where that cannot happen. */
  assertHeld?(lock: HeldLock): void;
}
