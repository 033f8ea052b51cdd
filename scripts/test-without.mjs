// @ts-check
// Runs the tests as on a machine where a native package could not be installed: node scripts/test-without.mjs fs-ext|koffi
//
// It works on a copy: the tree as git sees it, the build, and node_modules (hard links) without that package. Tests that need the package
// are skipped by name (HOLDFAST_TEST_WITHOUT); the others must pass. Its exit status is that of the test run.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What has to go, below node_modules, for a package to be missing. */
const FOLDERS = /** @type {const} */ ({ 'fs-ext': ['fs-ext'], koffi: ['koffi', '@koromix'] });

const [name = ''] = process.argv.slice(2);
const folders = name === 'fs-ext' || name === 'koffi' ? FOLDERS[name] : undefined;
if (folders === undefined) {
  console.error('Usage: node scripts/test-without.mjs fs-ext|koffi');
  process.exit(2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
// Beside the original and not in the folder for temporary files: hard links do not lead to another file system.
const copy = mkdtempSync(join(dirname(root), `.holdfast-without-${name}-`));
// Ctrl-C ends the tests; the copy is removed all the same.
process.on('SIGINT', () => {});
try {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  for (const file of files.split('\0')) {
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  }
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  execFileSync('cp', ['-al', join(root, 'node_modules'), join(copy, 'node_modules')]);
  for (const folder of folders) rmSync(join(copy, 'node_modules', folder), { recursive: true });

  const { status } = spawnSync('npx', ['vitest', 'run', ...process.argv.slice(3)], {
    cwd: copy,
    stdio: 'inherit',
    env: { ...process.env, HOLDFAST_TEST_WITHOUT: [name, process.env['HOLDFAST_TEST_WITHOUT'] ?? ''].join(',') },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(copy, { recursive: true });
}
