import { onAbort } from '../../lock/index.js';
import { abortReason } from '../../os/realms.js';
import { clearTimeout, LONGEST_TIMER_MS, monotonicNow, setTimeout } from '../../os/timers.js';

/** How long one caller waits. */
export interface CallerPatience {
  readonly signal: AbortSignal | undefined;
  /** By `monotonicNow`. The caller whose loader runs has none. */
  readonly deadline?: number | undefined;
  /** The error at the deadline. */
  readonly timeoutError: () => Error;
}

/**
 * The callers that wait for one result. Each may stop waiting without effect on the others. When the last one stops,
 * `onLast` is called.
 */
export class Callers<T> {
  readonly #result: Promise<T>;
  readonly #onLast: (reason: unknown) => void;
  readonly #turnAway = new Set<(reason: unknown) => void>();

  constructor(result: Promise<T>, onLast: (reason: unknown) => void) {
    this.#result = result;
    this.#onLast = onLast;
  }

  /** The result for one caller. Rejects as the result does, with the signal's reason, or at the deadline. */
  wait({ signal, deadline = Number.POSITIVE_INFINITY, timeoutError }: CallerPatience): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let stopListening: (() => void) | undefined;
      const stopWaiting = () => {
        clearTimeout(timer);
        stopListening?.();
        this.#turnAway.delete(giveUp);
      };
      const giveUp = (reason: unknown) => {
        stopWaiting();
        reject(reason);
        if (this.#turnAway.size === 0) this.#onLast(reason);
      };
      const left = Math.max(0, deadline - monotonicNow());
      const timer = left <= LONGEST_TIMER_MS ? setTimeout(() => giveUp(timeoutError()), left) : undefined;
      this.#turnAway.add(giveUp);
      this.#result.then(
        (value) => {
          stopWaiting();
          resolve(value);
        },
        (error) => {
          stopWaiting();
          reject(error);
        },
      );
      // A signal that has been aborted by now sends no event any more.
      if (signal?.aborted) giveUp(abortReason(signal));
      else stopListening = signal && onAbort(signal, () => giveUp(abortReason(signal)));
    });
  }

  /** Rejects all waiting callers at once. */
  turnAway(reason: unknown): void {
    for (const giveUp of [...this.#turnAway]) giveUp(reason);
  }
}
