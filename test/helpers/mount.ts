import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { quickFolder, temporaryFolder } from './folder.js';

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

/** An overlay over what is in `lower`, whose folders cannot be renamed. Unmounted when the test ends. Needs `overlay`. */
export function mountOverlay(lower: string): string {
  const folder = quickFolder();
  const [upper, work, point] = [`${folder}/upper`, `${folder}/work`, `${folder}/point`];
  for (const path of [upper, work, point]) mkdirSync(path, { mode: 0o755 });
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work},redirect_dir=off`;
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'overlay', point]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', point]);
  });
  return point;
}

/** Changes the options of a mounted file system, e.g. to `ro`. */
export function remount(folder: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, folder]);
}
