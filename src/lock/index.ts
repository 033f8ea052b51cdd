export type { LockMode } from '../os/flock.js';
export { type FileLock, type HeldLock, toFileLock } from './file-lock.js';
export { assertKnownOptions, namesOf } from './known-options.js';
export { lockSidecar, tryLockSidecar } from './lock-file.js';
export { assertMode, type Patience, patience, type WaitOptions } from './options.js';
export { assertNotHolding, isHolding, runHolding } from './reentry.js';
export { locateSidecar, type OpenLockFile, openLockFile, type Sidecar, tryLockFileAt } from './sidecar.js';
