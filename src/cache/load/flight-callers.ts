import { onAbort } from '../../lock/index.js';
import { abortReason } from '../../os/realms.js';
import { clearTimeout, monotonicNow, setTimeout } from '../../os/timers.js';

/** setTimeout takes a longer one for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** For how long one caller waits. */
export interface CallerPatience {
  readonly signal: AbortSignal | undefined;
  /** By `monotonicNow`; none for the caller whose load it is. */
  readonly deadline?: number | undefined;
  /** What it is told at the deadline. */
  readonly timeoutError: () => Error;
}

/** Those who wait for one result. Each leaves by itself, and nobody else notices; of the last one's leaving `onLast` is told. */
export class Callers<T> {
  readonly #result: Promise<T>;
  readonly #onLast: (reason: unknown) => void;
  readonly #turnAway = new Set<(reason: unknown) => void>();

  constructor(result: Promise<T>, onLast: (reason: unknown) => void) {
    this.#result = result;
    this.#onLast = onLast;
  }

  /** The result for one caller. Rejects with what the result rejects with, the signal's reason, or at the deadline. */
  wait({ signal, deadline = Number.POSITIVE_INFINITY, timeoutError }: CallerPatience): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let stopListening: (() => void) | undefined;
      const settle = () => {
        clearTimeout(timer);
        stopListening?.();
        this.#turnAway.delete(giveUp);
      };
      const giveUp = (reason: unknown) => {
        settle();
        reject(reason);
        if (this.#turnAway.size === 0) this.#onLast(reason);
      };
      const left = Math.max(0, deadline - monotonicNow());
      const timer = left <= LONGEST_TIMER_MS ? setTimeout(() => giveUp(timeoutError()), left) : undefined;
      this.#turnAway.add(giveUp);
      this.#result.then(
        (value) => {
          settle();
          resolve(value);
        },
        (error) => {
          settle();
          reject(error);
        },
      );
      // One that was aborted since it was looked at last tells of it no more.
      if (signal?.aborted) giveUp(abortReason(signal));
      else stopListening = signal && onAbort(signal, () => giveUp(abortReason(signal)));
    });
  }

  /** Rejects all who wait, at once. */
  turnAway(reason: unknown): void {
    for (const giveUp of [...this.#turnAway]) giveUp(reason);
  }
}
