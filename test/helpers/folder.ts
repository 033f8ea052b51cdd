import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder, removed when the test that asked for it ends. */
export function temporaryFolder(): string {
  return folderIn(tmpdir());
}

/**
 * The same in memory, where the machine has such a place. For tests that make and remove hundreds of caches: ext4 passes every inode by
 * that was freed within the last five seconds, one by one, so that a new cache then takes half a second.
 */
export function quickFolder(): string {
  return folderIn(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
}

function folderIn(parent: string): string {
  const folder = mkdtempSync(join(parent, 'holdfast-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
