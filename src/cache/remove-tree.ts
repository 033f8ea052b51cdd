import { errorCode, quietly } from '../errors.js';
import type { LockMode } from '../os/flock.js';
import { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, syscalls } from '../os/syscalls.js';
import { monotonicNow, setImmediate } from '../os/timers.js';

/** How long one slice of a deletion may keep the event loop. */
const SLICE_MS = 4;

/**
 * Deletes a folder and what is in it, a slice in each turn of the event loop, without keeping the process alive: what is left when
 * it ends, the next one deletes. Symbolic links are removed, not followed. A shared lock on the folder says that somebody is at it.
 */
export class SlowRemoval {
  /** Resolves when nothing is left, or nothing more can be deleted. */
  readonly done: Promise<void>;
  #turn: NodeJS.Immediate | undefined;
  #keepsAlive = false;

  constructor(folder: string) {
    const fd = lockFolder(folder, 'shared');
    this.done = this.#remove(removals(folder))
      .catch(() => {})
      .finally(() => {
        if (fd !== undefined) quietly(() => syscalls.close(fd));
      });
  }

  /** From now on the process stays until it is done: somebody waits for it. */
  keepAlive(): void {
    this.#keepsAlive = true;
    this.#turn?.ref();
  }

  async #remove(steps: Generator<void>): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => {
        this.#turn = setImmediate(resolve);
        if (!this.#keepsAlive) this.#turn.unref();
      });
      const end = monotonicNow() + SLICE_MS;
      while (monotonicNow() < end) {
        if (steps.next().done === true) return;
      }
    }
  }
}

/** Whether somebody deletes this folder just now. */
export function isBeingRemoved(folder: string): boolean {
  const fd = lockFolder(folder, 'exclusive');
  if (fd !== undefined) quietly(() => syscalls.close(fd));
  return fd === undefined;
}

/** The lock ends with the descriptor. `undefined`: there is no such folder, or somebody else is at it. */
function lockFolder(folder: string, mode: LockMode): number | undefined {
  let fd: number | undefined;
  try {
    fd = syscalls.open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (syscalls.tryFlock(fd, mode)) return fd;
  } catch {
    // It is deleted without the lock as well.
  }
  const opened = fd;
  if (opened !== undefined) quietly(() => syscalls.close(opened));
  return undefined;
}

/** The same at once, for a disk that is full. */
export function removeTree(folder: string): void {
  for (const _ of removals(folder)) {
    // Each step has removed one name.
  }
}

function* removals(path: string): Generator<void> {
  let names: string[];
  try {
    names = syscalls.readdir(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    if (errorCode(error) !== 'ENOTDIR') throw error;
    forgiving(() => syscalls.unlink(path));
    yield;
    return;
  }
  for (const name of names) {
    const child = `${path}/${name}`;
    if (syscalls.lstat(child)?.isDirectory()) yield* removals(child);
    else forgiving(() => syscalls.unlink(child));
    yield;
  }
  forgiving(() => syscalls.rmdir(path));
}

/** Somebody else may be deleting the same folder. */
function forgiving(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
