import { quietly } from '../errors.js';
import { O_DIRECTORY, O_RDONLY, syscalls } from '../os/syscalls.js';

/** Brings the names in a folder to the disk: after a name was made, changed or removed, fsync(2) of the file alone does not. */
export async function syncFolder(folder: string): Promise<void> {
  const fd = syscalls.open(folder, O_RDONLY | O_DIRECTORY);
  try {
    await syscalls.fsyncAsync(fd);
  } finally {
    quietly(() => syscalls.close(fd));
  }
}

/** The same on this thread. */
export function syncFolderNow(folder: string): void {
  const fd = syscalls.open(folder, O_RDONLY | O_DIRECTORY);
  try {
    syscalls.fsync(fd);
  } finally {
    quietly(() => syscalls.close(fd));
  }
}
