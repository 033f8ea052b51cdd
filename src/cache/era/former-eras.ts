import { errorCode, quietly } from '../../errors.js';
import { syscalls } from '../../os/syscalls.js';
import { readFormat } from '../directory/index.js';
import { type CachePaths, ENDED_PREFIX, ERA_PREFIX, endedPath, NEW_PREFIX } from '../format/index.js';
import { endEraIn } from './era.js';
import { tryWhileLocked } from './exclusive-file.js';
import { isBeingRemoved, isMarked } from './remove-tree.js';

/**
 * What killed processes leave outside the shards: `idle lock`, a flight's that nobody holds; `unpublished era` and `unpublished format`, of one
 * who died while it made an era; `former era`, that nobody deletes any more.
 */
export type LeftoverKind = 'idle lock' | 'unpublished era' | 'unpublished format' | 'former era';

export interface Leftover {
  readonly kind: LeftoverKind;
  readonly path: string;
}

/** Names in a folder. None where it has gone: the era has ended. */
export function readFolder(path: string): string[] {
  try {
    return syscalls.readdir(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** What is left of former eras, and of those that were never published. Nothing where somebody publishes one just now. */
export function eraLeftovers(paths: CachePaths): Leftover[] {
  return tryWhileLocked(paths.formatLock, () => leftoversIn(paths))?.result ?? [];
}

/** Sets them aside, removes the small ones, and gives the folders that are to be deleted in slices. */
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
  // Whoever publishes an era just now sees to the former ones.
  return former?.result ?? [];
}

/**
 * Renames the folder of an era that is over, so that paths into it fail. They do where it has gone by now: whoever gives up building one
 * deletes it without the lock. A folder that came with a lower layer of an overlay file system cannot be renamed: it stays where it is,
 * over and named by nobody, and is deleted there (docs/decisions.md). Under the lock of `format`.
 */
export function setAside(paths: CachePaths, name: string): void {
  try {
    syscalls.rename(`${paths.version}/${name}`, endedPath(paths));
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EXDEV' && code !== 'ENOENT') throw error;
  }
}

/** The folders of all eras that are over, wherever they are. `present`: the one that is not. Under the lock of `format`. */
export function formerEras(paths: CachePaths, present: string | undefined): string[] {
  const former = versionNames(paths, ENDED_PREFIX, ERA_PREFIX).filter((name) => name !== present);
  return former.map((name) => `${paths.version}/${name}`);
}

/** Names in the folder of the version that begin so. */
export function versionNames(paths: CachePaths, ...prefixes: readonly string[]): string[] {
  return syscalls.readdir(paths.version).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/**
 * Under the lock of `format`: an era that is found then and that `format` does not name was never published, or is over. One that is being built
 * is marked by its maker.
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
