import { errorCode, quietly } from '../errors.js';
import { type OpenLockFile, tryLockFileAt } from '../lock/index.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDWR, syscalls } from '../os/syscalls.js';
import { type Era, endEraIn } from './era.js';
import { whileLockedSync } from './exclusive-file.js';
import { readFormat } from './format.js';
import { type CachePaths, ENDED_PREFIX, ERA_PREFIX, endedPath } from './layout.js';
import { isBeingRemoved } from './remove-tree.js';

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

/** Locks of flights that nobody holds at this moment, each with a mark that tells it from a later one at the same path. */
export function idleLocks(era: Era): Map<string, number> {
  const idle = new Map<string, number>();
  for (const name of readFolder(era.paths.flights)) {
    const path = `${era.paths.flights}/${name}`;
    whileIdle(path, ({ ino }) => idle.set(path, ino));
  }
  return idle;
}

/** Whoever locks a flight looks at its path afterwards, so its holder, and nobody else, may unlink it. */
export function removeIdleLock(path: string): boolean {
  return whileIdle(path, () => syscalls.unlink(path));
}

/** Runs `work` while this process holds the lock, if nobody else does. */
function whileIdle(path: string, work: (file: OpenLockFile) => void): boolean {
  let fd: number;
  try {
    fd = syscalls.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const { dev, ino } = syscalls.fstat(fd);
    const file: OpenLockFile = { fd, dev, ino };
    if (tryLockFileAt(file, path, 'exclusive') !== 'held') return false;
    work(file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

/** What is left of former eras, and of those that were never published. Nothing where somebody makes one just now. */
export function eraLeftovers(paths: CachePaths): Leftover[] {
  let found: Leftover[] = [];
  whileNobodyMakesEras(paths, () => {
    found = leftoversIn(paths);
  });
  return found;
}

/** Removes the small ones of them, and renames the others aside, to be deleted in slices. */
export function setErasAside(paths: CachePaths): void {
  whileNobodyMakesEras(paths, () => {
    for (const { kind, path } of leftoversIn(paths)) {
      if (kind === 'unpublished format') quietly(() => syscalls.unlink(path));
      if (kind !== 'unpublished era') continue;
      endEraIn(path);
      syscalls.rename(path, endedPath(paths));
    }
  });
}

/** Eras are made and ended under this lock. */
function whileNobodyMakesEras(paths: CachePaths, work: () => void): void {
  try {
    whileLockedSync(paths.formatLock, 0, work);
  } catch (error) {
    // Whoever begins an era just now sees to the former ones.
    if (errorCode(error) !== 'ERR_LOCK_TIMEOUT') throw error;
  }
}

/** Under the lock of `format`: an era that is found then and that `format` does not name was never published, or is over. */
function leftoversIn(paths: CachePaths): Leftover[] {
  const format = readFormat(paths);
  if (format === undefined) return [];
  return readFolder(paths.version).flatMap((name): Leftover[] => {
    const path = `${paths.version}/${name}`;
    if (name.startsWith('.format-')) return [{ kind: 'unpublished format', path }];
    if (name.startsWith(ERA_PREFIX) && name !== format.era) return [{ kind: 'unpublished era', path }];
    return name.startsWith(ENDED_PREFIX) && !isBeingRemoved(path) ? [{ kind: 'former era', path }] : [];
  });
}
