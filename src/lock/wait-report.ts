import { channel } from 'node:diagnostics_channel';
import { monotonicNow } from '../os/timers.js';

/**
 * `holdfast:lock-wait` on `node:diagnostics_channel`, `{ path, milliseconds }`: the lock of a file that was not free at once, when it was
 * granted or the wait given up.
 */
const lockWait = channel('holdfast:lock-wait');

/** Tells of a wait when it is over, however it ends. */
export async function tellingOfWait(path: string, wait: Promise<void>): Promise<void> {
  if (!lockWait.hasSubscribers) return wait;
  const start = monotonicNow();
  try {
    await wait;
  } finally {
    lockWait.publish({ path, milliseconds: monotonicNow() - start });
  }
}
