// @ts-check
// A copy of the working tree in which something may be changed: the files as git sees them, and node_modules as hard links.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Makes the copy, beside the original and not in the folder for temporary files, since hard links do not lead to another file system. It
 * is removed when `work` is done, and at Ctrl-C, which ends the program that `work` runs. Files in its node_modules must not be written to.
 *
 * @template T
 * @param {string} name
 * @param {(folder: string) => T} work
 * @returns {T}
 */
export function inCopyOfTree(name, work) {
  const copy = mkdtempSync(join(dirname(ROOT), `.holdfast-${name}-`));
  process.on('SIGINT', () => {});
  try {
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' });
    for (const file of files.split('\0')) {
      if (file !== '' && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(copy, file));
    }
    execFileSync('cp', ['-al', join(ROOT, 'node_modules'), join(copy, 'node_modules')]);
    return work(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}
