import { errorCode } from '../errors.js';
import { syscalls } from '../os/syscalls.js';

/** How long one slice of a deletion may keep the event loop. */
const SLICE_MS = 4;

/**
 * Deletes a folder and what is in it, a slice in each turn of the event loop, without keeping the process alive: what is left when
 * it ends, the next one deletes. Symbolic links are removed, not followed.
 */
export class SlowRemoval {
  /** Resolves when nothing is left, or nothing more can be deleted. */
  readonly done: Promise<void>;
  #turn: NodeJS.Immediate | undefined;
  #keepsAlive = false;

  constructor(folder: string) {
    this.done = this.#remove(removals(folder)).catch(() => {});
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
      const end = performance.now() + SLICE_MS;
      while (performance.now() < end) {
        if (steps.next().done === true) return;
      }
    }
  }
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
