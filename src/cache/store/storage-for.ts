import type { CacheStrategy } from '../directory/index.js';
import type { Storage, StorageContext } from '../storage/index.js';
import { FileStorage } from './file-storage.js';
import { inPlace } from './in-place.js';
import { publishing } from './publishing.js';

/**
 * The store of a cache, chosen once, when it is opened. On a file system that copies on write no file is rewritten in
 * place.
 */
export function storageFor(context: StorageContext, strategy: CacheStrategy, copyOnWrite: boolean): Storage {
  return new FileStorage(context, strategy === 'flock' && !copyOnWrite ? inPlace : publishing);
}
