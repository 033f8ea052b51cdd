export { HoldfastError, type HoldfastErrorCode } from './errors.js';
export {
  type Change,
  type FileData,
  type FileOptions,
  lockFile,
  type MappedFile,
  mapFile,
  type ReadOptions,
  type RemoveOptions,
  readFile,
  removeFile,
  type StrategyName,
  tryLockFile,
  updateFile,
  writeFile,
} from './file/index.js';
export type { FileLock, LockMode } from './lock/index.js';
