// @ts-check
// The folders that the cells run in: holdfast as users get it (npm pack) in a node_modules of its own, with what it depends on.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MATRIX = fileURLToPath(new URL('.', import.meta.url));
/** Where each Node's fs-ext is kept, once it has been built. */
const BUILDS = join(MATRIX, 'node_modules/.fs-ext');

/** Installs the runtimes and test runners, unless they are there. Throws where npm fails. */
export function installMatrix() {
  const wanted = readFileSync(join(MATRIX, 'package-lock.json'), 'utf8');
  const mark = join(MATRIX, 'node_modules/.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  console.log('Installing the runtimes into test/matrix/node_modules ...');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: MATRIX,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`npm ci in ${MATRIX} ended with ${status}`);
  writeFileSync(mark, wanted);
}

/**
 * A folder with holdfast and its dependencies but fs-ext in node_modules, the test runners beside it, and the smoke test in `smoke/`.
 *
 * @returns {{ folder: string, remove: () => void }}
 */
export function makePlace() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-place-'));
  const modules = join(folder, 'node_modules');
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  for (const [path, entry] of Object.entries(lock.packages)) {
    const isOurs = path !== '' && !entry.dev && !/node_modules\/(fs-ext|nan)$/.test(path);
    if (isOurs && existsSync(join(ROOT, path))) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const listed = JSON.parse(packed);
  const { filename } = Array.isArray(listed) ? listed[0] : (Object.values(listed)[0] ?? {});
  execFileSync('tar', ['-xzf', filename], { cwd: folder });
  renameSync(join(folder, 'package'), join(modules, 'holdfast'));
  // Test runners resolve their own parts from where they really are.
  for (const name of ['jest', 'jest-environment-jsdom', 'jsdom', 'sinon', 'vitest', '@babel', 'babel-jest']) {
    symlinkSync(join(MATRIX, 'node_modules', name), join(modules, name));
  }
  const { version } = JSON.parse(readFileSync(join(modules, 'holdfast/package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies: { holdfast: version } }));
  // For whatever a cell leaves behind when it is killed.
  mkdirSync(join(folder, 'tmp'));
  cpSync(join(MATRIX, 'smoke'), join(folder, 'smoke'), { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * fs-ext as the given Node needs it; built when it is first asked for. `undefined` where it is not among the dependencies here (no
 * compiler). Throws where it does not build for this Node.
 *
 * @param {{ name: string, version: string, binary: string, headers: string }} node
 * @returns {string | undefined}
 */
export function fsExtFor({ name, version, binary, headers }) {
  const source = join(ROOT, 'node_modules/fs-ext');
  if (!existsSync(source)) return undefined;
  const own = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')).version;
  const kept = join(BUILDS, `${own}-node-${version}`, 'fs-ext');
  if (existsSync(kept)) return kept;
  const building = join(BUILDS, `building-${name}-${process.pid}`);
  try {
    mkdirSync(building, { recursive: true });
    for (const part of ['fs-ext', 'nan']) {
      const from = join(ROOT, 'node_modules', part);
      cpSync(from, join(building, 'node_modules', part), {
        recursive: true,
        filter: (path) => path !== join(from, 'build'),
      });
    }
    const folder = join(building, 'node_modules/fs-ext');
    const built = spawnSync(binary, [nodeGyp(), 'rebuild', `--nodedir=${headers}`], { cwd: folder, encoding: 'utf8' });
    if (built.status !== 0) {
      throw new Error(
        `fs-ext does not build: ${/error:.*|Error:.*|not ok/.exec(built.stderr)?.[0] ?? built.stderr.slice(-300)}`,
      );
    }
    mkdirSync(dirname(kept), { recursive: true });
    renameSync(folder, kept);
    return kept;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** The node-gyp that npm brings along. */
function nodeGyp() {
  const modules = execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim();
  return join(modules, 'npm/node_modules/node-gyp/bin/node-gyp.js');
}
