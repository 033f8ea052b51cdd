export type { LockMode } from '../os/flock.js';
export { type FileLock, type HeldLock, toFileLock } from './file-lock.js';
export { assertKnownOptions, namesOf } from './known-options.js';
export { lockSidecar, tryLockSidecar } from './lock-file.js';
export { onAbort } from './on-abort.js';
export { assertMode, type Patience, patience, type WaitOptions } from './options.js';
export {
  assertMayWait,
  assertNotHolding,
  currentScope,
  isHolding,
  runHolding,
  runIn,
  whileWaiting,
} from './reentry.js';
export { Scope, waitsFor } from './scope.js';
export { locateSidecar, type OpenLockFile, openLockFile, type Sidecar, tryLockFileAt } from './sidecar.js';
