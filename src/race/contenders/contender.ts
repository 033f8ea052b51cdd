import type { Finding } from '../data/index.js';
import type { RaceAccess } from '../report/index.js';

/** What is raced: one way to read, to write, and to update. A method rejects where its operation fails. */
export interface Contender {
  /** One read of the cache file, judged from its bytes. Mapped bytes are judged in place. */
  read(): Promise<Finding>;
  /** Makes the payload the content of the cache file. */
  write(payload: Buffer): Promise<void>;
  /** Adds one to the number in the counter file. */
  increment(): Promise<void>;
}

/** Where a contender works, and how. */
export interface Course {
  readonly cachePath: string;
  readonly counterPath: string;
  readonly access: RaceAccess;
}
