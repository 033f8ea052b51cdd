import { HoldfastError } from '../../errors.js';
import { clearTimeout, LONGEST_TIMER_MS, setTimeout } from '../../os/timers.js';

/** How many flights of this thread may use a descriptor at once. More than these wait. */
const MOST_PLACES = 256;

let free = MOST_PLACES;
const line: (() => void)[] = [];

/** How long a flight waits for its turn. */
export interface PlacePatience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /**
   * Resolves when another load waits for this flight. That load may hold a place, so waiting for one here could be a
   * deadlock: the flight goes on without a place.
   */
  readonly urgent: Promise<void>;
}

/**
 * Takes a place among the flights that use a descriptor. Gives the function that gives the place back. Rejects with
 * `ERR_LOCK_TIMEOUT` or the signal's reason.
 */
export async function takePlace(patience: PlacePatience): Promise<() => void> {
  if (free > 0) free -= 1;
  else if ((await waitInLine(patience)) === 'urgent') return () => {};
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    const next = line.shift();
    if (next === undefined) free += 1;
    else next();
  };
}

function waitInLine({ timeoutMs, signal, urgent }: PlacePatience): Promise<'turn' | 'urgent'> {
  return new Promise((resolve, reject) => {
    const turn = () => {
      stopWaiting();
      resolve('turn');
    };
    const leave = () => {
      stopWaiting();
      const index = line.indexOf(turn);
      if (index === -1) return false;
      line.splice(index, 1);
      return true;
    };
    const onAbort = () => {
      if (leave()) reject(signal.reason);
    };
    const onTimeout = () => {
      if (leave()) reject(timeoutError(timeoutMs));
    };
    const timer = timeoutMs <= LONGEST_TIMER_MS ? setTimeout(onTimeout, timeoutMs) : undefined;
    const stopWaiting = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    line.push(turn);
    void urgent.then(() => {
      if (leave()) resolve('urgent');
    });
  });
}

function timeoutError(timeoutMs: number): HoldfastError {
  const message = `${MOST_PLACES} loads of this process have been under way for more than ${timeoutMs} ms, and no more are begun before one of them ends.`;
  return new HoldfastError('ERR_LOCK_TIMEOUT', message);
}
