import { invalidArgument } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { isAbortSignal, throwIfAborted } from '../os/realms.js';
import { shown } from '../os/shown.js';

/** How long to wait for a lock. */
export interface WaitOptions {
  /**
   * Milliseconds until the wait is given up with `ERR_LOCK_TIMEOUT`. 0 tries once; `Infinity` waits for ever. Default
   * 10,000.
   */
  timeout?: number | undefined;
  /** Ends the wait: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** {@link WaitOptions}, checked and complete. */
export interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** Checks the options. Throws `ERR_INVALID_ARGUMENT`, or the reason of a signal that is aborted already. */
export function patience(options: WaitOptions): Patience {
  const { timeout: timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  if (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs) || timeoutMs < 0) {
    throw invalidArgument(`timeout must be a number of milliseconds, 0 or more, not ${shown(timeoutMs)}.`);
  }
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidArgument('signal must be an AbortSignal.');
  }
  throwIfAborted(signal);
  return { timeoutMs, signal };
}

/** Throws `ERR_INVALID_ARGUMENT` for anything but the two modes. */
export function assertMode(mode: unknown): asserts mode is LockMode {
  if (mode === 'shared' || mode === 'exclusive') return;
  throw invalidArgument(`A lock is 'shared' or 'exclusive', not ${shown(mode)}.`);
}
