import { HoldfastError } from '../../errors.js';
import { isAbortSignal, throwIfAborted } from '../../os/realms.js';
import { shown } from '../../os/shown.js';

/** Checks what jobs over the whole cache take. Throws `ERR_INVALID_ARGUMENT`, or the reason of a signal that is aborted already. */
export function assertProgressOptions(signal: unknown, onProgress: unknown): void {
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalid(`onProgress must be a function, not ${shown(onProgress)}.`);
  }
  if (signal === undefined) return;
  if (!isAbortSignal(signal)) throw invalid(`signal must be an AbortSignal, not ${shown(signal)}.`);
  throwIfAborted(signal);
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('ERR_INVALID_ARGUMENT', message);
}
