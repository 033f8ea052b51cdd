import { setTimeout as delay } from 'node:timers/promises';

/** Long enough for a lock that is free to be granted: what is not granted by then is blocked. */
export const STILL_BLOCKED_MS = 10;
/** Long enough for any machine: what is not granted by then never will be. */
export const SURELY_FREE_MS = 10_000;

/** Whether a promise is still open after `STILL_BLOCKED_MS`. */
export async function isStillBlocked(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  );
  return Promise.race([settled, delay(STILL_BLOCKED_MS, true)]);
}

/** The value of a promise that must settle within `SURELY_FREE_MS`. */
export async function surelyFree<T>(promise: Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  const late = delay(SURELY_FREE_MS, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error(`Still blocked after ${SURELY_FREE_MS} ms.`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    giveUp.abort();
  }
}

/** Waits for a condition that only another process can bring about, and that no message tells of. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + SURELY_FREE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Not so after ${SURELY_FREE_MS} ms: ${condition}`);
    await delay(1);
  }
}
