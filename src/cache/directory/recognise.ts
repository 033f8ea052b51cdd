import { errorCode, HoldfastError, quietly } from '../../errors.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, syscalls } from '../../os/syscalls.js';
import { readFully } from '../../os/transfer.js';
import {
  isVersionName,
  README_CONTENT,
  README_FILE,
  TAG_CONTENT,
  TAG_FILE,
  TAG_MARK,
  TAG_SIGNATURE,
  VERSION_FOLDER,
} from '../format/index.js';

/*
 * Whether an existing directory is a cache, or may become one. A directory with other things in it may not: the
 * CACHEDIR.TAG would make backup programs leave all of it out.
 *
 * A cache is made in this order: the directory, CACHEDIR.TAG, README, `v1`, and the content of `v1`. The process can
 * die after each of these steps, and in the middle of a file. So a directory may become a cache if it is empty, if it
 * holds the whole tag of a cache, or if all that it holds are beginnings of such files.
 */

/** What `mkfs` makes in the root of a file system. */
const NOT_COUNTED = 'lost+found';

/** Throws `ERR_NOT_A_CACHE`. */
export function assertIsCacheOrEmpty(directory: string): void {
  const names = syscalls.readdir(directory).filter((name) => name !== NOT_COUNTED);
  if (names.length === 0) return;
  const tag = beginningOf(`${directory}/${TAG_FILE}`);
  if (tag?.startsWith(TAG_SIGNATURE) && tag.includes(TAG_MARK)) return;
  const stranger = names.find((name) => !isBeginning(directory, name));
  if (stranger === undefined) return;
  throw new HoldfastError(
    'ERR_NOT_A_CACHE',
    `${directory} is no cache, and holds other things (${JSON.stringify(stranger)}). Nothing was changed. Give the cache a directory of its own, new or empty.`,
    { path: directory },
  );
}

function isBeginning(directory: string, name: string): boolean {
  const path = `${directory}/${name}`;
  switch (name) {
    case TAG_FILE:
      return isPrefix(path, TAG_CONTENT);
    case README_FILE:
      return isPrefix(path, README_CONTENT);
    case VERSION_FOLDER:
      return namesIn(path)?.every(isVersionName) ?? false;
    default:
      return false;
  }
}

function isPrefix(path: string, content: string): boolean {
  const found = beginningOf(path);
  return found !== undefined && content.startsWith(found);
}

/** `undefined`: it is no folder. A folder that has been removed meanwhile counts as empty. */
function namesIn(path: string): string[] | undefined {
  try {
    return syscalls.readdir(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * The text of a file, up to the length of the longest file that a cache makes beside `v1`. Empty where there is none;
 * `undefined` where it is no regular file, or may not be read.
 */
export function beginningOf(path: string): string | undefined {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return '';
    if (code === 'ELOOP' || code === 'ENXIO' || code === 'EACCES') return undefined;
    throw error;
  }
  try {
    if (!syscalls.fstat(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(Math.max(TAG_CONTENT.length, README_CONTENT.length) + 1);
    return bytes.toString('utf8', 0, readFully(fd, bytes, 0));
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
