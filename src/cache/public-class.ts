import type { FileCacheOptions } from './core/index.js';
import { FileCache as Implementation } from './file-cache.js';

/**
 * How a FileCache is made. With the codecs `bytes` and `text`, the values are Buffers and strings. With other codecs
 * you name their type (`FileCache<User>`, {@link Implementation.typed}), or your own codec does.
 */
export interface FileCacheConstructor {
  // Three type parameters, so that `extends FileCache` and `extends FileCache<V>` mean the last of these and nothing
  // else.
  new <_Codec extends 'bytes', _B, _C>(options: FileCacheOptions<Buffer> & { codec: 'bytes' }): Implementation<Buffer>;
  new <_Codec extends 'text', _B, _C>(options: FileCacheOptions<string> & { codec: 'text' }): Implementation<string>;
  new <V = unknown>(options: FileCacheOptions<V>): Implementation<V>;
}

/** {@inheritDoc Implementation} */
export const FileCache: FileCacheConstructor = Implementation;
export type FileCache<V = unknown> = Implementation<V>;
