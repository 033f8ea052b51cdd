// @ts-check
// The cells of the matrix: a runtime, a way to run holdfast in it, and what shows that it works.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fsExtFor, MATRIX } from './place.mjs';
import { bun, deno, nodes } from './runtimes.mjs';

/**
 * @typedef {object} Cell
 * @property {string} runtime
 * @property {string} version
 * @property {string} how
 * @property {(folder: string) => string | undefined} prepare  Makes the folder ready; gives the reason why this cell cannot be had here.
 * @property {(folder: string) => [string, string[]][]} commands  Run in the folder, one after the other. All must end with 0.
 * @property {Record<string, string>} [env]
 */

const ESBUILD = join(MATRIX, 'node_modules/esbuild/bin/esbuild');

/** @returns {Cell[]} */
export function allCells() {
  return [...nodes().flatMap(cellsOfNode), ...cellsOfOthers()];
}

/** @param {import('./runtimes.mjs').Node} node */
function cellsOfNode(node) {
  const { binary } = node;
  const script = (/** @type {string} */ path) => join(MATRIX, 'node_modules', path);
  /** @type {Cell[]} */
  const cells = [
    {
      ...cellOf(node, 'fs-ext and koffi'),
      prepare: (folder) => missing(node) ?? withFsExt(node, folder),
      commands: () => [[binary, ['smoke/program.mjs']]],
    },
    { ...cellOf(node, 'koffi alone'), commands: () => [[binary, ['smoke/program.mjs']]] },
    ...Object.entries(hardening(node)).map(([how, flags]) => ({
      ...cellOf(node, how),
      commands: () => /** @type {[string, string[]][]} */ ([[binary, [...flags, 'smoke/program.mjs']]]),
    })),
    ...['node', 'jsdom'].map((environment) => ({
      ...cellOf(node, `Jest, environment ${environment}`),
      commands: () =>
        /** @type {[string, string[]][]} */ ([
          [binary, [script('jest/bin/jest.js'), '--config', 'smoke/jest.config.cjs', '--runInBand']],
        ]),
      env: { MATRIX_ENVIRONMENT: environment },
    })),
    {
      ...cellOf(node, 'vitest, jsdom and fake timers'),
      commands: () => [[binary, [script('vitest/vitest.mjs'), 'run', '--config', 'smoke/vitest.config.mjs']]],
    },
    { ...cellOf(node, 'sinon, all clocks faked'), commands: () => [[binary, ['smoke/sinon.mjs']]] },
    ...['cjs', 'mjs'].map((extension) => ({
      ...cellOf(node, `bundled by esbuild, ${extension}`),
      commands: () =>
        /** @type {[string, string[]][]} */ ([
          [binary, [ESBUILD, ...bundling(extension), 'smoke/program.mjs', 'smoke/peer.mjs']],
          [binary, [`bundle/program.${extension}`]],
        ]),
    })),
  ];
  return cells;
}

/**
 * Flags that take something away from programs, koffi alone.
 *
 * @param {import('./runtimes.mjs').Node} node
 * @returns {Record<string, string[]>}
 */
function hardening({ major }) {
  const permission = major < 22 ? '--experimental-permission' : '--permission';
  const allowed = ['addons', 'child-process', 'worker', 'fs-read=*', 'fs-write=*'].map((what) => `--allow-${what}`);
  return {
    'permission model': [permission, ...allowed],
    'frozen intrinsics, no code from strings': ['--frozen-intrinsics', '--disallow-code-generation-from-strings'],
    'jitless: no WebAssembly': ['--jitless'],
  };
}

/** @param {string} extension */
function bundling(extension) {
  const format = extension === 'cjs' ? 'cjs' : 'esm';
  // What is native cannot be bundled, and esbuild's modules cannot hold what requires `fs`.
  const external =
    extension === 'cjs' ? ['koffi', 'fs-ext'] : ['koffi', 'fs-ext', 'write-file-atomic', 'proper-lockfile'];
  const options = ['--bundle', '--platform=node', '--outdir=bundle', ...external.map((name) => `--external:${name}`)];
  return [...options, `--format=${format}`, `--out-extension:.js=.${extension}`, '--log-level=warning'];
}

/** @returns {Cell[]} */
function cellsOfOthers() {
  const [ofBun, ofDeno] = [bun(), deno()];
  const program = ['smoke/program.mjs'];
  return [
    { ...cellOf(ofBun, 'koffi alone'), commands: () => [[ofBun.binary, program]] },
    { ...cellOf(ofDeno, 'koffi alone'), commands: () => [[ofDeno.binary, ['run', '-A', ...program, 'run', '-A']]] },
  ];
}

/**
 * @param {import('./runtimes.mjs').Runtime} runtime
 * @param {string} how
 * @returns {Omit<Cell, 'commands'>}
 */
function cellOf(runtime, how) {
  return { runtime: runtime.name, version: runtime.version, how, prepare: () => missing(runtime) };
}

/** @param {import('./runtimes.mjs').Runtime} runtime */
function missing({ name, version, binary }) {
  return version === '' ? `${name} does not run here (${binary})` : undefined;
}

/**
 * @param {import('./runtimes.mjs').Node} node
 * @param {string} folder
 */
function withFsExt(node, folder) {
  const built = fsExtFor(node);
  if (built === undefined) return 'fs-ext is not installed (npm ci had no compiler)';
  cpSync(built, join(folder, 'node_modules/fs-ext'), { recursive: true });
  return undefined;
}

/**
 * What cells leave behind for one another is taken away.
 *
 * @param {string} folder
 */
export function tidy(folder) {
  for (const path of ['node_modules/fs-ext', 'bundle']) rmSync(join(folder, path), { recursive: true, force: true });
}
