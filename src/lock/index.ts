export type { LockMode } from '../os/flock.js';
export { createFileLock, type FileLock, type KeyedLock } from './file-lock.js';
export { lockSidecar, tryLockSidecar } from './lock-file.js';
export { assertKnownOptions, assertMode, type Patience, patience, type WaitOptions } from './options.js';
export { assertNotHolding, runHolding } from './reentry.js';
export { locateSidecar, type Sidecar } from './sidecar.js';
