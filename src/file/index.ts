export {
  type Change,
  lockFile,
  readFile,
  removeFile,
  tryLockFile,
  updateFile,
  whileHolding,
  writeFile,
} from './file.js';
export { type MappedFile, mapFile } from './map-file.js';
export type { FileData, FileOptions, ReadOptions, RemoveOptions } from './options.js';
export { replaceAtomically } from './replace-atomically.js';
export { STRATEGY_NAMES, type Strategy, type StrategyName, strategyNamed } from './strategies.js';
