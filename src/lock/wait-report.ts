import { channel } from 'node:diagnostics_channel';
import { monotonicNow } from '../os/timers.js';

/**
 * `holdfast:lock-wait` on `node:diagnostics_channel`: `{ path, milliseconds }` after each wait for the lock of a file,
 * whether the lock was granted or the wait given up. A lock that is free at once is not reported.
 */
const lockWait = channel('holdfast:lock-wait');

/** Publishes a wait when it is over, however it ends. */
export async function tellingOfWait(path: string, wait: Promise<void>): Promise<void> {
  if (!lockWait.hasSubscribers) return wait;
  const start = monotonicNow();
  try {
    await wait;
  } finally {
    lockWait.publish({ path, milliseconds: monotonicNow() - start });
  }
}
