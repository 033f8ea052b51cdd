import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CHANNEL = 'holdfast:lock-wait';

/** Counts the waits for locks of this process, as far as they are told: those of the file functions and of caches. */
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
