import { errorCode, quietly } from '../../errors.js';
import type { LockMode } from '../../os/flock.js';
import { parentFolder } from '../../os/paths.js';
import { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, syscalls } from '../../os/syscalls.js';
import { monotonicNow, setImmediate } from '../../os/timers.js';

/** How long one slice of all deletions of this thread may keep the event loop. */
const SLICE_MS = 4;

/** A folder that is deleted behind. */
export interface Removal {
  /** Resolves when nothing is left, or nothing more can be deleted. Never rejects. */
  readonly done: Promise<void>;
  /** From now on the process stays until it is done: somebody waits for it. */
  keepAlive(): void;
}

interface Queued extends Removal {
  readonly folder: string;
  readonly end: () => void;
}

/** The folders that this thread is to delete, the first of them now. */
const queue = new Map<string, Queued>();
/** By the folder around them, the descriptor whose lock says that somebody deletes in there. */
const marks = new Map<string, number | undefined>();
let turn: NodeJS.Immediate | undefined;
let keptAlive = false;

/**
 * Deletes a folder and what is in it, a slice in each turn of the event loop, without keeping the process alive: what is left when
 * it ends, the next one deletes. Symbolic links are removed, not followed.
 *
 * All deletions of a thread are one job: one folder after the other, one slice a turn however many there are, and one descriptor for
 * all that lie in one folder. Its shared lock says that somebody is at it.
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
      // What cannot be deleted now is found by `prune`.
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
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Whether somebody deletes what lies in the folder around this one just now. */
export function isBeingRemoved(folder: string): boolean {
  return isMarked(parentFolder(folder));
}

/** Whether somebody has marked a folder as one that it works on ({@link lockFolder}). */
export function isMarked(folder: string): boolean {
  const fd = lockFolder(folder, 'exclusive');
  if (fd !== undefined) quietly(() => syscalls.close(fd));
  return fd === undefined;
}

/** The lock ends with the descriptor. `undefined`: there is no such folder, or somebody else is at it. */
export function lockFolder(folder: string, mode: LockMode): number | undefined {
  let fd: number | undefined;
  try {
    fd = syscalls.open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (syscalls.tryFlock(fd, mode)) return fd;
  } catch {
    // What is to be done is done without the lock as well.
  }
  const opened = fd;
  if (opened !== undefined) quietly(() => syscalls.close(opened));
  return undefined;
}

/** Deletes at once, for a disk that is full. */
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
