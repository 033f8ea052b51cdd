import type { FileCacheOptions } from '../../cache/admin.js';
import { CacheCore, type CachePaths, cachePaths, type Format, readFormat } from '../../cache/admin.js';
import { errorCode, HoldfastError } from '../../errors.js';
import { absolutePath } from '../../os/paths.js';

/**
 * Opens the cache in a directory with the strategy that it was made with, and closes it after `use`. Throws
 * `ERR_NOT_A_CACHE` where there is none, and makes none.
 */
export async function withCache<T>(
  directory: string,
  use: (core: CacheCore) => T | Promise<T>,
  options: Pick<FileCacheOptions, 'codec'> = {},
): Promise<T> {
  const { strategy } = formatOf(directory);
  const core = new CacheCore({ directory, strategy, ...options });
  try {
    return await use(core);
  } finally {
    await core.close();
  }
}

function formatOf(directory: string): Format {
  const paths = cachePaths(absolutePath(directory).replace(/(?<=.)\/+$/, ''));
  const format = tryReadFormat(paths);
  if (format !== undefined) return format;
  throw new HoldfastError(
    'ERR_NOT_A_CACHE',
    `${directory} is not a cache: it has no v1/format that this version can read.`,
    {
      path: paths.directory,
    },
  );
}

function tryReadFormat(paths: CachePaths): Format | undefined {
  try {
    return readFormat(paths);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}
