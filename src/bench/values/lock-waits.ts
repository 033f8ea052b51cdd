import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CHANNEL = 'holdfast:lock-wait';

/** Counts this process's waits for locks that are published: those of the file functions and of caches. */
export class LockWaits {
  #count = 0;
  #milliseconds = 0;
  readonly #listener = (message: unknown) => {
    this.#count += 1;
    this.#milliseconds += (message as { milliseconds: number }).milliseconds;
  };

  listen(): void {
    subscribe(CHANNEL, this.#listener);
  }

  end(): void {
    unsubscribe(CHANNEL, this.#listener);
  }

  /** Starts from 0. */
  clear(): void {
    this.#count = 0;
    this.#milliseconds = 0;
  }

  get counted(): { count: number; milliseconds: number } {
    return { count: this.#count, milliseconds: Number(this.#milliseconds.toFixed(3)) };
  }
}
