import { errorCode, quietly } from '../../errors.js';
import type { LockMode } from '../../os/flock.js';
import { parentFolder } from '../../os/paths.js';
import { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, syscalls } from '../../os/syscalls.js';
import { monotonicNow, setImmediate } from '../../os/timers.js';

/** So long one slice of all deletions of this thread may block the event loop. */
const SLICE_MS = 4;

/** A folder that is being deleted in the background. */
export interface Removal {
  /** Resolves when all is deleted that can be deleted. Never rejects. */
  readonly done: Promise<void>;
  /** Keeps the process alive until the deletion is done, for a caller that waits for it. */
  keepAlive(): void;
}

interface Queued extends Removal {
  readonly folder: string;
  readonly end: () => void;
}

/** The folders that this thread has to delete. It is at the first of them. */
const queue = new Map<string, Queued>();
/** By parent folder: the descriptor whose lock shows that this thread deletes folders in there. */
const marks = new Map<string, number | undefined>();
let turn: NodeJS.Immediate | undefined;
let keptAlive = false;

/**
 * Deletes a folder and its content, a slice in each turn of the event loop. This does not keep the process alive: what
 * is left when it ends is deleted by another process. Symbolic links are removed, not followed.
 *
 * All deletions of a thread are one job. It deletes one folder after the other, one slice a turn however many there
 * are. For all folders with the same parent it has one descriptor, whose shared lock shows that the deletion goes on.
 */
export function removeBehind(folder: string): Removal {
  const known = queue.get(folder);
  if (known !== undefined) return known;
  const { promise, resolve } = withResolvers();
  const keepAlive = () => {
    keptAlive = true;
    turn?.ref();
  };
  const queued: Queued = { folder, done: promise, end: resolve, keepAlive };
  queue.set(folder, queued);
  const around = parentFolder(folder);
  if (!marks.has(around)) marks.set(around, lockFolder(around, 'shared'));
  if (queue.size === 1) void removeQueued();
  return queued;
}

async function removeQueued(): Promise<void> {
  let sliceEnd = 0;
  for (const { folder, end } of queue.values()) {
    const steps = removals(folder);
    try {
      for (let over = false; !over; ) {
        if (monotonicNow() >= sliceEnd) {
          await nextSlice();
          sliceEnd = monotonicNow() + SLICE_MS;
        }
        over = steps.next().done === true;
      }
    } catch {
      // `prune` finds what could not be deleted now.
    }
    queue.delete(folder);
    unmark(parentFolder(folder));
    end();
  }
  keptAlive = false;
}

function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    turn = setImmediate(resolve);
    if (!keptAlive) turn.unref();
  });
}

function unmark(around: string): void {
  for (const folder of queue.keys()) if (parentFolder(folder) === around) return;
  const fd = marks.get(around);
  marks.delete(around);
  if (fd !== undefined) quietly(() => syscalls.close(fd));
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Whether some process deletes folders beside this one just now. */
export function isBeingRemoved(folder: string): boolean {
  return isMarked(parentFolder(folder));
}

/** Whether a process has locked a folder to show that it works on it ({@link lockFolder}). */
export function isMarked(folder: string): boolean {
  const fd = lockFolder(folder, 'exclusive');
  if (fd !== undefined) quietly(() => syscalls.close(fd));
  return fd === undefined;
}

/** Locks a folder, until the descriptor is closed. `undefined`: there is no such folder, or its lock is taken. */
export function lockFolder(folder: string, mode: LockMode): number | undefined {
  let fd: number | undefined;
  try {
    fd = syscalls.open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (syscalls.tryFlock(fd, mode)) return fd;
  } catch {
    // The lock only informs others: the caller does its work without it as well.
  }
  const opened = fd;
  if (opened !== undefined) quietly(() => syscalls.close(opened));
  return undefined;
}

/** Deletes a folder at once. For a full disk. */
export function removeTree(folder: string): void {
  for (const _ of removals(folder)) {
    // Each step removes one name.
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

/** Tolerates that another process deletes the same folder. */
function forgiving(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
