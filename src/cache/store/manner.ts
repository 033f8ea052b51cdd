import type { Era } from '../era/index.js';
import type { SectionRunner } from '../sections/index.js';

/** The differences between the two stores of files: where an entry is read, and how a small one is written. */
export interface Manner {
  /** Whether small entries are rewritten in place. */
  readonly inPlace: boolean;
  /** Entries up to this length must be read inside `read`. Longer ones never change once they are published. */
  readonly readInside: number;
  /** Runs `work` in the present era, waiting on this thread. */
  readSync<T>(sections: SectionRunner, shard: number, work: (era: Era) => T): T;
  /**
   * The same without blocking the event loop. `undefined`: there is no era now. No promise is made if there is nothing
   * to wait for. If one is made, `own` is applied to the result inside the section: another read of this thread may
   * come before the promise is handled.
   */
  read<T extends object>(
    sections: SectionRunner,
    shard: number,
    work: (era: Era) => T,
    own: (found: T) => T,
  ): T | undefined | Promise<T | undefined>;
}
