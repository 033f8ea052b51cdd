import { HoldfastError } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { sidecarPath } from '../os/lock-names.js';
import { absolutePath } from '../os/paths.js';
import { assertMayLock } from '../os/permissions.js';
import { abortReason } from '../os/realms.js';
import { clearTimeout, setTimeout } from '../os/timers.js';
import type { HeldLock } from './file-lock.js';
import { describeHolders } from './holders.js';
import { onAbort } from './on-abort.js';
import { assertMode, type Patience, patience, type WaitOptions } from './options.js';
import { assertMayWait, assertNotHolding, whileWaiting } from './reentry.js';
import { locateSidecar, type Sidecar } from './sidecar.js';
import { Station, type Waiter } from './station.js';
import { tellingOfWait } from './wait-report.js';

/** Stations that are idle are kept for a while, since they know whose turn it is; beyond this many they are forgotten. */
const IDLE_STATIONS = 256;
/** setTimeout takes a longer one for 1 ms; 24 days are for ever. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** By the path of the sidecar. A second name for the same sidecar has a station of its own, see {@link stationFor}. */
const stations = new Map<string, Station>();

/**
 * Waits for the lock of a file: flock(2) on the sidecar `<path>.lock`, which is made where it is missing and never removed. The data
 * file need not exist.
 *
 * Rejects with `ERR_LOCK_TIMEOUT` after `timeout` (the message names the holder where the kernel tells), with the signal's reason, with
 * `ERR_LOCK_CONFLICT` where the calling code runs inside an update of the same file, or of one that an update waits for which holds this
 * one, or something else stands where the sidecar should, with `ERR_LOCK_UNSUPPORTED` where there is no flock(2). Whatever it rejects with, no descriptor and no place in
 * the queue remains.
 *
 * Requests of one thread are served first come, first served. Over processes the order is fair, not exact. *Not* guaranteed: that
 * anybody is kept from the data file who does not ask for the lock; the lock is advisory.
 */
export async function lockSidecar(path: string | URL, mode: LockMode, options: WaitOptions = {}): Promise<HeldLock> {
  assertMode(mode);
  const wait = patience(options);
  const sidecar = batchSidecar(path, mode) ?? permittedSidecar(path);
  const { station, granted } = stationFor(sidecar, mode);
  if (!granted) {
    try {
      assertMayWait(station, sidecar.dataPath);
    } catch (error) {
      station.turnAway();
      throw error;
    }
    const inLine = () => tellingOfWait(sidecar.dataPath, waitFor(station, sidecar, mode, wait));
    await whileWaiting(station, sidecar.dataPath, inLine);
  }
  return hold(station, sidecar, mode);
}

/**
 * Takes the lock of a file if that needs no wait, `undefined` otherwise: somebody holds it, or somebody else is next in line. A loop around
 * this is not fair; {@link lockSidecar} is. Throws as that one rejects.
 */
export function tryLockSidecar(path: string | URL, mode: LockMode): HeldLock | undefined {
  assertMode(mode);
  const sidecar = permittedSidecar(path);
  const { station, granted } = stationFor(sidecar, mode);
  if (granted) return hold(station, sidecar, mode);
  station.turnAway();
  return undefined;
}

function hold(station: Station, sidecar: Sidecar, mode: LockMode): HeldLock {
  return { path: sidecar.dataPath, mode, key: station, release: () => station.release() };
}

/** Finds the sidecar; what Node's permission model keeps this process from is told first, all of it. */
function permittedSidecar(path: string | URL): Sidecar {
  assertMayLock(absolutePath(path));
  return locateSidecar(path);
}

/** The sidecar of a path that this process has locked a moment ago, in the middle of a batch: looked up then, and not again. */
function batchSidecar(path: string | URL, mode: LockMode): Sidecar | undefined {
  if (mode !== 'exclusive' || typeof path !== 'string') return undefined;
  const station = stations.get(sidecarPath(path));
  return station?.inBatch ? station.sidecar : undefined;
}

/**
 * The station to ask, already asked once. It is that of the sidecar's path, unless the lock is busy because this thread holds it under
 * another name (a folder that is a symbolic link, a bind mount): then that one's, so that both names are one queue and
 * an update inside an update is found out.
 */
function stationFor(sidecar: Sidecar, mode: LockMode): { station: Station; granted: boolean } {
  const station = stationAt(sidecar);
  assertNotHolding(station, sidecar.dataPath);
  if (station.tryNow(mode)) return { station, granted: true };
  const holder = station.idle ? station.holderElsewhere : undefined;
  if (holder === undefined) return { station, granted: false };
  station.turnAway();
  assertNotHolding(holder, sidecar.dataPath);
  return { station: holder, granted: holder.tryNow(mode) };
}

function waitFor(station: Station, sidecar: Sidecar, mode: LockMode, { timeoutMs, signal }: Patience): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let stopListening: (() => void) | undefined;
    const giveUp = (error: unknown) => {
      settle();
      station.withdraw(waiter);
      reject(error);
    };
    const settle = () => {
      clearTimeout(timer);
      stopListening?.();
    };
    const waiter: Waiter = {
      mode,
      granted() {
        settle();
        resolve();
      },
      failed(error) {
        settle();
        reject(error);
      },
    };
    if (timeoutMs === 0) {
      station.turnAway();
      reject(timeoutError(station, sidecar, mode, timeoutMs));
      return;
    }
    if (timeoutMs <= LONGEST_TIMER_MS) {
      timer = setTimeout(() => giveUp(timeoutError(station, sidecar, mode, timeoutMs)), timeoutMs);
    }
    stopListening = signal && onAbort(signal, () => giveUp(abortReason(signal)));
    station.enqueue(waiter);
  });
}

function timeoutError(station: Station, sidecar: Sidecar, mode: LockMode, timeoutMs: number): HoldfastError {
  const holder = station.holders > 0 ? 'this process holds it' : describeHolders(sidecar.path);
  const message = `No ${mode} lock on ${sidecar.dataPath} within ${timeoutMs} ms: ${holder} (sidecar ${sidecar.path}).`;
  return new HoldfastError('ERR_LOCK_TIMEOUT', message, { path: sidecar.dataPath, syscall: 'flock' });
}

function stationAt(sidecar: Sidecar): Station {
  let station = stations.get(sidecar.path);
  if (station === undefined) {
    if (stations.size >= IDLE_STATIONS) forgetIdle();
    station = new Station(sidecar);
    stations.set(sidecar.path, station);
  }
  return station;
}

function forgetIdle(): void {
  for (const [path, station] of stations) {
    if (station.idle) stations.delete(path);
  }
}
