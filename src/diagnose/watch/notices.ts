import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { clearTimeout, setTimeout } from '../../os/timers.js';

/**
 * What the kernel tells about files while it happens (inotify(7)): that somebody changes one, not what. Where it cannot, because it has no
 * watches left or the file system has none, there are no notices.
 */
export class WatchNotices {
  readonly #watchers: FSWatcher[] = [];
  #wake: () => void = () => {};

  /** `heard` is called at each notice, and gives whether a pause ends by it. */
  constructor(paths: readonly string[], heard: () => 'wake' | 'sleep on') {
    for (const [folder, names] of namesByFolder(paths)) {
      try {
        const watcher = watch(folder, (_event, name) => {
          if ((name === null || names.has(name)) && heard() === 'wake') this.#wake();
        });
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // The looks alone must do.
      }
    }
  }

  /** Waits for so long, or until a notice that wakes. */
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

/** Folders are watched, not files: a file that is replaced is another one. A symbolic link is watched where it stands and where it leads. */
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
