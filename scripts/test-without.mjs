// @ts-check
// Runs the tests as on a machine where a native package could not be installed: node scripts/test-without.mjs fs-ext|koffi
//
// It works on a copy of the tree, with the build, and without that package. Tests that need the package are skipped by name
// (HOLDFAST_TEST_WITHOUT); the others must pass. Its exit status is that of the test run.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inCopyOfTree, ROOT } from './copy-of-tree.mjs';

/** What has to go, below node_modules, for a package to be missing. */
const FOLDERS = /** @type {const} */ ({ 'fs-ext': ['fs-ext'], koffi: ['koffi', '@koromix'] });

const [name = '', ...tests] = process.argv.slice(2);
const folders = name === 'fs-ext' || name === 'koffi' ? FOLDERS[name] : undefined;
if (folders === undefined) {
  console.error('Usage: node scripts/test-without.mjs fs-ext|koffi');
  process.exit(2);
}

process.exitCode = inCopyOfTree(`without-${name}`, (copy) => {
  cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
  for (const folder of folders) rmSync(join(copy, 'node_modules', folder), { recursive: true });
  const { status } = spawnSync('npx', ['vitest', 'run', ...tests], {
    cwd: copy,
    stdio: 'inherit',
    env: { ...process.env, HOLDFAST_TEST_WITHOUT: [name, process.env['HOLDFAST_TEST_WITHOUT'] ?? ''].join(',') },
  });
  return status ?? 1;
});
