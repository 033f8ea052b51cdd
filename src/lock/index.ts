export type { LockMode } from '../os/flock.js';
export { type FileLock, type HeldLock, toFileLock } from './file-lock.js';
export { lockSidecar, tryLockSidecar } from './lock-file.js';
export { assertKnownOptions, assertMode, type Patience, patience, type WaitOptions } from './options.js';
export { assertNotHolding, isHolding, runHolding } from './reentry.js';
export { locateSidecar, type OpenLockFile, openLockFile, type Sidecar, tryLockFileAt } from './sidecar.js';
