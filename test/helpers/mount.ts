import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folder.js';

/** A small file system in memory, unmounted when the test ends. Needs `tmpfs`. */
export function mountTmpfs(options: string): string {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  return folder;
}

/** A file system in a file, unmounted when the test ends. Needs `btrfs`. */
export function mountBtrfs(): string {
  const folder = temporaryFolder();
  const point = `${folder}/mounted`;
  mkdirSync(point);
  execFileSync('truncate', ['-s', '128M', `${folder}/image`]);
  execFileSync('mkfs.btrfs', ['-q', `${folder}/image`], { stdio: 'ignore' });
  execFileSync('mount', ['-o', 'loop', `${folder}/image`, point]);
  onTestFinished(() => {
    execFileSync('umount', [point]);
  });
  return point;
}

/** Changes the options of a mounted file system, e.g. to `ro`. */
export function remount(folder: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, folder]);
}
