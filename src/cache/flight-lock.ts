import { errorCode, HoldfastError, quietly } from '../errors.js';
import { type OpenLockFile, openLockFile, tryLockFileAt } from '../lock/index.js';
import { abortReason, throwIfAborted } from '../os/realms.js';
import { syscalls } from '../os/syscalls.js';
import { delay, monotonicNow, nextTurn } from '../os/timers.js';
import { type Era, EraEnded } from './era.js';
import type { Place } from './key.js';

const SPIN_MS = 1;
const FIRST_PAUSE_MS = 0.5;
const LONGEST_PAUSE_MS = 10;
/** Descriptors that flights may use at once; more wait their turn. */
const MOST_DESCRIPTORS = 256;

let free = MOST_DESCRIPTORS;
const waiting: (() => void)[] = [];

/** How long somebody waits for the lock of a flight. */
export interface FlightPatience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called from inside another flight: it must not wait for a descriptor that the outer one may be holding up. */
  readonly nested: boolean;
}

/** The lock of one key, held by one process while user code loads its value. Its file is removed when it is released. */
export interface FlightLock {
  release(): void;
}

/** Takes the lock of a key's flight if nobody has it. Throws EraEnded where the folder is gone. */
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

/** Waits for the lock of a key's flight. `ERR_LOCK_TIMEOUT`, the signal's reason, or EraEnded. */
export async function flightLock(era: () => Era, place: Place, patience: FlightPatience): Promise<FlightLock> {
  if (!patience.nested) await takeDescriptor(patience.signal);
  const lock = await poll(era, place, patience).catch((error: unknown) => {
    if (!patience.nested) giveDescriptor();
    throw error;
  });
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      lock.release();
      if (!patience.nested) giveDescriptor();
    },
  };
}

async function poll(era: () => Era, place: Place, { timeoutMs, signal }: FlightPatience): Promise<FlightLock> {
  const started = monotonicNow();
  for (let pause = FIRST_PAUSE_MS; ; ) {
    throwIfAborted(signal);
    const lock = tryFlightLock(era(), place);
    if (lock !== undefined) return lock;
    const waited = monotonicNow() - started;
    if (waited >= timeoutMs) {
      const message = `Another process has been loading ${JSON.stringify(place.key)} for more than ${timeoutMs} ms.`;
      throw new HoldfastError('ERR_LOCK_TIMEOUT', message);
    }
    if (waited < SPIN_MS) await nextTurn();
    else {
      await delay(Math.min(timeoutMs - waited, pause * (0.5 + Math.random() / 2)));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
    }
  }
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

/** Unlinked while it is held: who comes next makes a new one, and who waits with this one sees that it is not at its path any more. */
function release(path: string, file: OpenLockFile): void {
  quietly(() => syscalls.unlink(path));
  quietly(() => syscalls.unflock(file.fd));
  quietly(() => syscalls.close(file.fd));
}

async function takeDescriptor(signal: AbortSignal): Promise<void> {
  if (free > 0) {
    free -= 1;
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const turn = () => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = () => {
      const index = waiting.indexOf(turn);
      if (index !== -1) waiting.splice(index, 1);
      reject(abortReason(signal));
    };
    waiting.push(turn);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}

function giveDescriptor(): void {
  const next = waiting.shift();
  if (next === undefined) free += 1;
  else next();
}
