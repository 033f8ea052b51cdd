import { quietly } from '../errors.js';
import { O_DIRECTORY, O_RDONLY, syscalls } from '../os/syscalls.js';

/**
 * Flushes the names in a folder to the disk. After a name was made, changed or removed, fsync(2) of the file alone does
 * not do that.
 */
export async function syncFolder(folder: string): Promise<void> {
  const fd = syscalls.open(folder, O_RDONLY | O_DIRECTORY);
  try {
    await syscalls.fsyncAsync(fd);
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

/** {@link syncFolder} on this thread. */
export function syncFolderNow(folder: string): void {
  const fd = syscalls.open(folder, O_RDONLY | O_DIRECTORY);
  try {
    syscalls.fsync(fd);
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
