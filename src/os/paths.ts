import { invalidArgument } from '../errors.js';
import { isUrl, pathOfUrl } from './realms.js';
import { type Stats, syscalls } from './syscalls.js';

/** Linux follows as many links before it fails with ELOOP (path_resolution(7)). */
const MAXIMUM_LINKS = 40;

/** A file after its symbolic links were followed: an absolute path whose last component is no symbolic link. */
export interface ResolvedFile {
  readonly path: string;
  /** `undefined` where there is no file yet. */
  readonly stats: Stats | undefined;
}

/** A path argument as an absolute string. Not normalised: only the kernel knows where `link` in `a/link/../b` leads. */
export function absolutePath(path: string | URL): string {
  const text = isUrl(path) ? fromUrl(path) : path;
  if (typeof text !== 'string' || text === '') {
    throw invalidArgument('A path must be a non-empty string or a file: URL.');
  }
  if (text.includes('\0')) {
    throw invalidArgument('A path cannot contain a NUL character.', { path: text });
  }
  return text.startsWith('/') || process.platform === 'win32' ? text : `${process.cwd()}/${text}`;
}

/**
 * Follows the symbolic links of the last component, also to a file that does not exist yet. Otherwise a data file would
 * have a sidecar for each of its names.
 */
export function resolveFile(path: string): ResolvedFile {
  let current = path;
  for (let links = 0; links < MAXIMUM_LINKS; links += 1) {
    const stats = syscalls.lstat(current);
    if (stats === undefined || !stats.isSymbolicLink()) return { path: current, stats };
    const target = syscalls.readlink(current);
    current = target.startsWith('/') ? target : `${parentFolder(current)}/${target}`;
  }
  throw Object.assign(new Error(`ELOOP: too many symbolic links encountered, open '${path}'`), {
    code: 'ELOOP',
    syscall: 'open',
    path,
  });
}

/** The folder part of an absolute path, as written. */
export function parentFolder(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

function fromUrl(url: URL): string {
  try {
    return pathOfUrl(url);
  } catch (error) {
    throw invalidArgument(`A path given as a URL must be a file: URL, not ${url.protocol}`, { cause: error });
  }
}
