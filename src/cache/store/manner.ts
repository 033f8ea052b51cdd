import type { Era } from '../era/index.js';
import type { SectionRunner } from '../sections/index.js';

/** In what the two stores of files differ: where an entry is read, and how a small one is written. */
export interface Manner {
  /** Whether small entries are rewritten where they are. */
  readonly inPlace: boolean;
  /** Entries up to this length must be read inside `look`; longer ones never change once they are published. */
  readonly readInside: number;
  /** Runs a read in the present era, waiting on this thread. */
  lookSync<T>(sections: SectionRunner, shard: number, read: (era: Era) => T): T;
  /**
   * The same without holding the event loop up; `undefined` where there is no era. No promise where nothing has to be waited for; where one is
   * made, `keep` was applied to the result before others could read.
   */
  look<T extends object>(
    sections: SectionRunner,
    shard: number,
    read: (era: Era) => T,
    keep: (found: T) => T,
  ): T | undefined | Promise<T | undefined>;
}
