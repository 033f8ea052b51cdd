import type { KeyedLock, LockMode, WaitOptions } from '../lock/index.js';

export type StrategyName = 'flock' | 'rename' | 'write-file-atomic' | 'proper-lockfile';

export interface PutOptions {
  readonly mode: number | undefined;
  readonly flush: boolean;
}

/**
 * How readers and writers of one file stay out of each other's way. A strategy says whether readers lock, with what, and how new content
 * takes the place of the old. Writers of every strategy are alone: they hold the exclusive lock around {@link put}.
 */
export interface Strategy {
  readonly name: StrategyName;
  /** Whether a reader must hold the shared lock: true where {@link put} changes the file that readers have open. */
  readonly readersLock: boolean;
  lock(path: string | URL, mode: LockMode, wait: WaitOptions): Promise<KeyedLock>;
  /** Makes `data` the content of the file at `lock.path`. The caller holds that exclusive lock. */
  put(lock: KeyedLock, data: Buffer, options: PutOptions): Promise<void>;
  /** Throws where the lock was lost while it was believed to be held. Absent where that cannot happen. */
  assertHeld?(lock: KeyedLock): void;
}
