import { invalidArgument } from '../../errors.js';
import { isAbortSignal, throwIfAborted } from '../../os/realms.js';
import { shown } from '../../os/shown.js';

/**
 * Checks the options of a job over the whole cache. Throws `ERR_INVALID_ARGUMENT`, or the reason of a signal that is
 * aborted already.
 */
export function assertProgressOptions(signal: unknown, onProgress: unknown): void {
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument(`onProgress must be a function, not ${shown(onProgress)}.`);
  }
  if (signal === undefined) return;
  if (!isAbortSignal(signal)) throw invalidArgument(`signal must be an AbortSignal, not ${shown(signal)}.`);
  throwIfAborted(signal);
}
