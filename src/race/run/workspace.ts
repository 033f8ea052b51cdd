import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { quietly } from '../../errors.js';
import { absolutePath } from '../../os/paths.js';

/** A private folder for one race. */
export interface Workspace {
  readonly path: string;
  /** Removes the folder and all that is in it. Idempotent. */
  remove(): void;
}

/**
 * Makes a private folder (mode 0700) in `directory`, or in the system's for temporary files. It is removed by `remove`,
 * at the latest when the process exits; a process that is killed by SIGKILL leaves it behind. Throws the system's error
 * where it cannot be made.
 */
export function openWorkspace(directory: string | URL | undefined): Workspace {
  const parent = directory === undefined ? tmpdir() : absolutePath(directory);
  const path = mkdtempSync(`${parent}/holdfast-race-`);
  const workspace: Workspace = {
    path,
    remove() {
      process.removeListener('exit', workspace.remove);
      // With retries: a process that was killed a moment ago may still make a file in it.
      quietly(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
    },
  };
  process.on('exit', workspace.remove);
  return workspace;
}
