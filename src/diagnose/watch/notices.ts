import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { clearTimeout, setTimeout } from '../../os/timers.js';

/**
 * Notices of the kernel about files (inotify(7)): they tell at once that a file is changed, but not how. There are none
 * where the kernel has no watches left, or the file system gives none.
 */
export class WatchNotices {
  readonly #watchers: FSWatcher[] = [];
  #wake: () => void = () => {};

  /** `heard` is called at each notice, and returns whether the notice ends a pause. */
  constructor(paths: readonly string[], heard: () => 'wake' | 'sleep on') {
    for (const [folder, names] of namesByFolder(paths)) {
      try {
        const watcher = watch(folder, (_event, name) => {
          if ((name === null || names.has(name)) && heard() === 'wake') this.#wake();
        });
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // Without notices, the looks must be enough.
      }
    }
  }

  /** Waits for this time, or until a notice that ends the pause. */
  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  end(): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}

/**
 * Folders are watched, not files: a file that is replaced is another one. Of a symbolic link, its own folder and that
 * of its target are watched.
 */
function namesByFolder(paths: readonly string[]): Map<string, Set<string>> {
  const namesIn = new Map<string, Set<string>>();
  for (const path of paths.flatMap((path) => [path, targetOf(path)])) {
    const names = namesIn.get(dirname(path)) ?? new Set();
    namesIn.set(dirname(path), names.add(basename(path)));
  }
  return namesIn;
}

function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
