import { randomBytes } from 'node:crypto';
import { errorCode, HoldfastError, quietly } from '../../errors.js';
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, syscalls } from '../../os/syscalls.js';
import { readFully, writeFully } from '../../os/transfer.js';
import { type CachePaths, ERA_PREFIX, endedPath, FORMAT_VERSION, SHARDS, SLOTS } from '../format/index.js';

export type CacheStrategy = 'rename' | 'flock';

/** Entries of at most this many bytes may be rewritten in place: a page, since a larger overwrite can be torn by SIGKILL. */
export const IN_PLACE_LIMIT = 4096;
/** Longer ones are no format of any version. */
const LONGEST_FORMAT = 1024 * 1024;

/** What every process on a cache must agree on, and the name of the current era. */
export interface Format {
  readonly strategy: CacheStrategy;
  /** Folder and number of the era. */
  readonly era: string;
  readonly number: number;
}

/**
 * The file `format`, or `undefined` where it is missing or damaged: cut off, or bytes that are nothing. What can be parsed and is of a version,
 * a strategy or a geometry that this one does not know is another version's cache and none of ours to repair: `ERR_INCOMPATIBLE_CACHE`.
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
      writeFully(fd, bytes, 0);
    } finally {
      quietly(() => syscalls.close(fd));
    }
    // Nothing of ours makes a folder there, and no file can take its place. It goes with the former eras.
    if (syscalls.lstat(paths.format)?.isDirectory()) syscalls.rename(paths.format, endedPath(paths));
    syscalls.rename(temporaryPath, paths.format);
  } catch (error) {
    quietly(() => syscalls.unlink(temporaryPath));
    throw error;
  }
}

/** Throws `ERR_INCOMPATIBLE_CACHE` where a cache was made with another strategy: a lock-free reader beside a writer in place is the old bug. */
export function assertCompatible(format: Format, strategy: CacheStrategy, paths: CachePaths): void {
  if (format.strategy === strategy) return;
  throw incompatible(
    paths,
    `was made with strategy '${format.strategy}' and cannot be opened with '${strategy}'. Use that one, or another directory.`,
  );
}

/** What is told of a cache that somebody else's version, or another strategy, has made. */
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

/** What must be as here before anything else in the file means anything. */
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

/** No version that is known writes another name or number, so another one is damage. */
function isNamed(content: Record<string, unknown>): content is Record<string, unknown> & Format {
  const { era, number } = content;
  return typeof era === 'string' && ERA_NAME.test(era) && typeof number === 'number' && number > 0;
}
