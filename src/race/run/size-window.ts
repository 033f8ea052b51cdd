import { statSync } from 'node:fs';
import type { SizesSeen } from '../report/index.js';

/** This many looks in a row: a moment at 0 bytes is so short that single looks would hardly ever meet it. */
const LOOKS_IN_A_ROW = 10;

/** The lengths of a file that were seen in a period. */
export class SizeWindow {
  readonly #path: string;
  #looks = 0;
  #empty = 0;
  #least: number | null = null;
  #most: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Looks a few times, without a pause. */
  measure(): void {
    for (let look = 0; look < LOOKS_IN_A_ROW; look += 1) this.now();
  }

  /** Looks once. `null` where there is no file. */
  now(): number | null {
    const bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? null;
    this.#looks += 1;
    if (bytes === null) return null;
    if (bytes === 0) this.#empty += 1;
    this.#least = Math.min(bytes, this.#least ?? bytes);
    this.#most = Math.max(bytes, this.#most ?? bytes);
    return bytes;
  }

  /** What was seen since the last call. */
  take(): SizesSeen {
    const seen = { looks: this.#looks, empty: this.#empty, least: this.#least, most: this.#most };
    this.#looks = 0;
    this.#empty = 0;
    this.#least = null;
    this.#most = null;
    return seen;
  }
}
