import { errorCode, HoldfastError, quietly } from '../../errors.js';
import { type OpenLockFile, openLockFile, tryLockFileAt } from '../../lock/index.js';
import { throwIfAborted } from '../../os/realms.js';
import { syscalls } from '../../os/syscalls.js';
import { delay, monotonicNow, nextTurn } from '../../os/timers.js';
import { type Era, EraEnded } from '../era/index.js';
import type { Place } from '../format/index.js';

const SPIN_MS = 1;
const FIRST_PAUSE_MS = 0.5;
const LONGEST_PAUSE_MS = 10;

/** How long a flight waits for its lock. */
export interface FlightPatience {
  /** The length of the whole wait, for the message of the error. */
  readonly timeoutMs: number;
  /** When the wait ends, by `monotonicNow`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** The lock of one key, which one process holds while user code loads the value. Releasing it removes its file. */
export interface FlightLock {
  release(): void;
}

/** Takes the lock of a key's flight if it is free. Throws EraEnded if the folder is gone. */
export function tryFlightLock(era: Era, place: Place): FlightLock | undefined {
  const path = `${era.paths.flights}/${place.hash}.lock`;
  for (;;) {
    const file = open(era, path);
    let outcome: ReturnType<typeof tryLockFileAt>;
    try {
      outcome = tryLockFileAt(file, path, 'exclusive');
    } catch (error) {
      quietly(() => syscalls.close(file.fd));
      throw error;
    }
    if (outcome === 'held') return { release: () => release(path, file) };
    quietly(() => syscalls.close(file.fd));
    if (outcome === 'busy') return undefined;
  }
}

/** Waits for the lock of a key's flight. Rejects with `ERR_LOCK_TIMEOUT`, the signal's reason, or EraEnded. */
export async function flightLock(
  era: () => Era | Promise<Era>,
  place: Place,
  patience: FlightPatience,
): Promise<FlightLock> {
  const { timeoutMs, deadline, signal } = patience;
  const started = monotonicNow();
  for (let pause = FIRST_PAUSE_MS; ; ) {
    throwIfAborted(signal);
    const lock = tryFlightLock(await era(), place);
    if (lock !== undefined) return lock;
    const now = monotonicNow();
    if (now >= deadline) throw timeoutError(place, timeoutMs);
    if (now - started < SPIN_MS) await nextTurn();
    else {
      await delay(Math.min(deadline - now, pause * (0.5 + Math.random() / 2)));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
    }
  }
}

/** The error of a caller that has waited too long for a load. */
export function timeoutError({ key }: Place, timeoutMs: number): HoldfastError {
  const message = `${JSON.stringify(key)} was not loaded within ${timeoutMs} ms: another call is still loading it.`;
  return new HoldfastError('ERR_LOCK_TIMEOUT', message);
}

function open(era: Era, path: string): OpenLockFile {
  try {
    return openLockFile(path, undefined);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    if (era.ended) throw new EraEnded();
    return era.condemn();
  }
}

/**
 * Unlinks the file while the lock is held. The next process makes a new file. One that has this file open sees, when it
 * gets the lock, that the file is no longer at its path.
 */
function release(path: string, file: OpenLockFile): void {
  quietly(() => syscalls.unlink(path));
  quietly(() => syscalls.unflock(file.fd));
  quietly(() => syscalls.close(file.fd));
}
