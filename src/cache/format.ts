import { randomBytes } from 'node:crypto';
import { errorCode, HoldfastError, quietly } from '../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, syscalls } from '../os/syscalls.js';
import { FORMAT_VERSION } from './entry.js';
import { SHARDS, SLOTS } from './key.js';
import { type CachePaths, ERA_PREFIX } from './layout.js';
import { readFully } from './read-header.js';
import { writeAll } from './write-all.js';

export type CacheStrategy = 'rename' | 'flock';

/** Entries of at most this many bytes may be rewritten in place: a page, since a larger overwrite can be torn by SIGKILL. */
export const IN_PLACE_LIMIT = 4096;
const LONGEST_FORMAT = 4096;

/** What every process on a cache must agree on, and the name of the current era. */
export interface Format {
  readonly strategy: CacheStrategy;
  /** Folder and number of the era. */
  readonly era: string;
  readonly number: number;
}

/** The file `format`, or `undefined` where it is missing or damaged. */
export function readFormat(paths: CachePaths): Format | undefined {
  const text = readSmall(paths.format);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isFormat(value) ? value : undefined;
}

/**
 * Puts a new `format` in the place of the old one, in one step. Under the exclusive lock of `format`. Not brought to the disk: what
 * a crash of the machine leaves names an era or it does not, and where it does not one is made.
 */
export function writeFormat(paths: CachePaths, format: Format, mode: number): void {
  const content = {
    format: FORMAT_VERSION,
    shards: SHARDS,
    slots: SLOTS,
    inPlaceLimit: IN_PLACE_LIMIT,
    ...format,
  };
  const bytes = Buffer.from(`${JSON.stringify(content)}\n`);
  const temporaryPath = `${paths.version}/.format-${randomBytes(8).toString('hex')}`;
  const fd = syscalls.open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o666);
  try {
    try {
      writeAll(fd, bytes);
    } finally {
      quietly(() => syscalls.close(fd));
    }
    syscalls.rename(temporaryPath, paths.format);
  } catch (error) {
    quietly(() => syscalls.unlink(temporaryPath));
    throw error;
  }
}

/** Throws `ERR_INCOMPATIBLE_CACHE` where a cache was made with another strategy: a lock-free reader beside a writer in place is the old bug. */
export function assertCompatible(format: Format, strategy: CacheStrategy, paths: CachePaths): void {
  if (format.strategy === strategy) return;
  throw new HoldfastError(
    'ERR_INCOMPATIBLE_CACHE',
    `${paths.directory} was made with strategy '${format.strategy}' and cannot be opened with '${strategy}'. Use that one, or another directory.`,
    { path: paths.directory },
  );
}

function readSmall(path: string): string | undefined {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ELOOP') return undefined;
    throw error;
  }
  try {
    if (!syscalls.fstat(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(LONGEST_FORMAT);
    return bytes.toString('utf8', 0, readFully(fd, bytes, 0));
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

const ERA_NAME = new RegExp(`^${ERA_PREFIX}[0-9a-f]+$`);

/** Another geometry is another format: it reads as damaged where the version says it should be this one. */
function isFormat(value: unknown): value is Format {
  if (typeof value !== 'object' || value === null) return false;
  const { format, shards, slots, inPlaceLimit, strategy, era, number } = value as Record<string, unknown>;
  const geometry = format === FORMAT_VERSION && shards === SHARDS && slots === SLOTS && inPlaceLimit === IN_PLACE_LIMIT;
  const named = typeof era === 'string' && ERA_NAME.test(era) && typeof number === 'number' && number > 0;
  return geometry && named && (strategy === 'rename' || strategy === 'flock');
}
