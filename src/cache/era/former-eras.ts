import { errorCode, quietly } from '../../errors.js';
import { syscalls } from '../../os/syscalls.js';
import { readFormat } from '../directory/index.js';
import { type CachePaths, ENDED_PREFIX, ERA_PREFIX, endedPath, NEW_PREFIX } from '../format/index.js';
import { endEraIn } from './era.js';
import { tryWhileLocked } from './exclusive-file.js';
import { isBeingRemoved, isMarked } from './remove-tree.js';

/**
 * What killed processes leave outside the shards. `idle lock`: the lock file of a flight, with no holder.
 * `unpublished era` and `unpublished format`: left by a process that died while it made an era. `former era`: one that
 * no process deletes any more.
 */
export type LeftoverKind = 'idle lock' | 'unpublished era' | 'unpublished format' | 'former era';

export interface Leftover {
  readonly kind: LeftoverKind;
  readonly path: string;
}

/** The names in a folder. None if the folder is gone: its era has ended. */
export function readFolder(path: string): string[] {
  try {
    return syscalls.readdir(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The leftovers of former eras, and of those that were never published. None while another process publishes one. */
export function eraLeftovers(paths: CachePaths): Leftover[] {
  return tryWhileLocked(paths.formatLock, () => leftoversIn(paths))?.result ?? [];
}

/**
 * Renames the leftovers of eras, removes those that are files, and gives the folders, which are to be deleted in
 * slices.
 */
export function setErasAside(paths: CachePaths): string[] {
  const former = tryWhileLocked(paths.formatLock, () => {
    const format = readFormat(paths);
    if (format === undefined) return [];
    for (const name of readFolder(paths.version)) {
      const path = `${paths.version}/${name}`;
      if (name.startsWith('.format-')) quietly(() => syscalls.unlink(path));
      const isOver = name.startsWith(ERA_PREFIX) && name !== format.era;
      if (isOver) endEraIn(path);
      if (isOver || (name.startsWith(NEW_PREFIX) && !isMarked(path))) setAside(paths, name);
    }
    return formerEras(paths, format.era);
  });
  // If the lock is taken, a process publishes an era just now, and deletes the former ones.
  return former?.result ?? [];
}

/**
 * Renames the folder of an era that has ended, so that paths into it fail. The folder may be gone by now: a process
 * that gives up building an era deletes it without the lock. A folder from a lower layer of an overlay file system
 * cannot be renamed. It keeps its name and is deleted under it; the era has ended, and `format` does not name it
 * (docs/decisions.md). Under the lock of `format`.
 */
export function setAside(paths: CachePaths, name: string): void {
  try {
    syscalls.rename(`${paths.version}/${name}`, endedPath(paths));
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EXDEV' && code !== 'ENOENT') throw error;
  }
}

/**
 * The folders of all eras that have ended, renamed or not. `present`: the name of the one that has not. Under the lock
 * of `format`.
 */
export function formerEras(paths: CachePaths, present: string | undefined): string[] {
  const former = versionNames(paths, ENDED_PREFIX, ERA_PREFIX).filter((name) => name !== present);
  return former.map((name) => `${paths.version}/${name}`);
}

/** The names in the folder of the version that begin with one of the prefixes. */
export function versionNames(paths: CachePaths, ...prefixes: readonly string[]): string[] {
  return syscalls.readdir(paths.version).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/**
 * Under the lock of `format`, an era that `format` does not name was never published, or has ended. The folder of one
 * that is being built is locked by its maker.
 */
function leftoversIn(paths: CachePaths): Leftover[] {
  const format = readFormat(paths);
  if (format === undefined) return [];
  return readFolder(paths.version).flatMap((name): Leftover[] => {
    const path = `${paths.version}/${name}`;
    if (name.startsWith('.format-')) return [{ kind: 'unpublished format', path }];
    if (name.startsWith(NEW_PREFIX) && !isMarked(path)) return [{ kind: 'unpublished era', path }];
    if (name === format.era || isBeingRemoved(path)) return [];
    if (name.startsWith(ERA_PREFIX)) return [{ kind: 'unpublished era', path }];
    return name.startsWith(ENDED_PREFIX) ? [{ kind: 'former era', path }] : [];
  });
}
