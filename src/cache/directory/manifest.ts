import { randomBytes } from 'node:crypto';
import { errorCode, HoldfastError, quietly } from '../../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, syscalls } from '../../os/syscalls.js';
import { readFully, writeFully } from '../../os/transfer.js';
import { type CachePaths, ERA_PREFIX, endedPath, FORMAT_VERSION, SHARDS, SLOTS } from '../format/index.js';

export type CacheStrategy = 'rename' | 'flock';

/** Entries of at most this many bytes may be rewritten in place. It is a page: SIGKILL can tear a larger overwrite. */
export const IN_PLACE_LIMIT = 4096;
/** A longer file is no `format` of any version. */
const LONGEST_FORMAT = 1024 * 1024;

/** What all processes that use a cache must agree on, and the name of the present era. */
export interface Format {
  readonly strategy: CacheStrategy;
  /** Folder and number of the era. */
  readonly era: string;
  readonly number: number;
}

/**
 * Reads the file `format`. `undefined` where it is missing or damaged (cut off, or not JSON). If it is JSON with a
 * version, a strategy or a geometry that this version does not know, the cache is another version's and must not be
 * repaired: `ERR_INCOMPATIBLE_CACHE`.
 */
export function readFormat(paths: CachePaths): Format | undefined {
  const text = readSmall(paths.format);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const content = value as Record<string, unknown>;
  assertKnown(content, paths);
  return isNamed(content) ? content : undefined;
}

/**
 * Replaces `format` in one step. To be called under the exclusive lock of `format`. It is not flushed: if a crash of
 * the machine leaves a `format` that names no era, a new era is made.
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
      writeFully(fd, bytes, 0);
    } finally {
      quietly(() => syscalls.close(fd));
    }
    // No cache makes a folder there, and rename(2) cannot replace one by a file. It is deleted with the former eras.
    if (syscalls.lstat(paths.format)?.isDirectory()) syscalls.rename(paths.format, endedPath(paths));
    syscalls.rename(temporaryPath, paths.format);
  } catch (error) {
    quietly(() => syscalls.unlink(temporaryPath));
    throw error;
  }
}

/**
 * Throws `ERR_INCOMPATIBLE_CACHE` where a cache was made with another strategy: a reader without locks would get torn
 * reads beside a writer in place.
 */
export function assertCompatible(format: Format, strategy: CacheStrategy, paths: CachePaths): void {
  if (format.strategy === strategy) return;
  throw incompatible(
    paths,
    `was made with strategy '${format.strategy}' and cannot be opened with '${strategy}'. Use that one, or another directory.`,
  );
}

/** The error for a cache that another version, or a process with another strategy, has made. */
export function incompatible({ directory }: CachePaths, why: string): HoldfastError {
  return new HoldfastError('ERR_INCOMPATIBLE_CACHE', `${directory} ${why}`, { path: directory });
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
    const stats = syscalls.fstat(fd);
    if (!stats.isFile() || stats.size > LONGEST_FORMAT) return undefined;
    const bytes = Buffer.alloc(stats.size);
    return bytes.toString('utf8', 0, readFully(fd, bytes, 0));
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

/** These must have a known value before the rest of the file can be read. */
const KNOWN: Readonly<Record<string, readonly unknown[]>> = {
  format: [FORMAT_VERSION],
  strategy: ['rename', 'flock'],
  shards: [SHARDS],
  slots: [SLOTS],
  inPlaceLimit: [IN_PLACE_LIMIT],
};

function assertKnown(content: Record<string, unknown>, paths: CachePaths): void {
  for (const [name, known] of Object.entries(KNOWN)) {
    if (known.includes(content[name])) continue;
    const found = JSON.stringify(content[name]) ?? 'none';
    throw incompatible(
      paths,
      `was made by another version of holdfast: its ${name} is ${found}, and this version knows ${known.join(', ')}. Nothing in it was touched. Use that version, or another directory.`,
    );
  }
}

const ERA_NAME = new RegExp(`^${ERA_PREFIX}[0-9a-f]+$`);

/** Whether name and number have the form that all known versions write. Another form is damage. */
function isNamed(content: Record<string, unknown>): content is Record<string, unknown> & Format {
  const { era, number } = content;
  return typeof era === 'string' && ERA_NAME.test(era) && typeof number === 'number' && number > 0;
}
