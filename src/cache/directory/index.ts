export { type CacheDirectory, directoryPath, prepareDirectory } from './directory.js';
export {
  assertCompatible,
  type CacheStrategy,
  type Format,
  IN_PLACE_LIMIT,
  incompatible,
  readFormat,
  writeFormat,
} from './manifest.js';
export { assertSafeEra, isOwn } from './safe-path.js';
