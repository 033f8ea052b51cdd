import { replaceSyscalls } from '../../os/syscalls.js';

/** `always granted` is a lock that excludes nobody. For tests: it shows that the race sees what a lock prevents. */
export type RaceLock = 'real' | 'always granted';

/** From here on, for the rest of this process, every request for a lock is granted at once, whatever the strategy. */
export async function breakLocks(): Promise<void> {
  replaceSyscalls({ tryFlock: () => true, unflock: () => {} });
  const { default: properLockfile } = await import('proper-lockfile');
  properLockfile.lock = async () => async () => {};
}
