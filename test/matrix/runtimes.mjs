// @ts-check
// The runtimes of the matrix, as far as they are here.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MATRIX } from './place.mjs';

const MODULES = join(MATRIX, 'node_modules');

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} binary
 * @property {string} version  Empty where it cannot be run here.
 */

/** @typedef {Runtime & { major: number, headers: string }} Node */

/** @returns {Node[]} */
export function nodes() {
  return [20, 22, 24, 26].map((major) => {
    const headers = join(MODULES, `node${major}`);
    return { ...runtime(`Node ${major}`, join(headers, 'bin/node')), major, headers };
  });
}

export const bun = () => runtime('Bun', join(MODULES, '@oven/bun-linux-x64/bin/bun'));
export const deno = () => runtime('Deno', join(MODULES, '@deno/linux-x64-glibc/deno'));

/**
 * @param {string} name
 * @param {string} binary
 * @returns {Runtime}
 */
function runtime(name, binary) {
  return { name, binary, version: versionOf(binary) };
}

/** @param {string} binary */
function versionOf(binary) {
  if (!existsSync(binary)) return '';
  try {
    return /\d+\.\d+\.\d+/.exec(execFileSync(binary, ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
  } catch {
    // Built for another C library, or another processor.
    return '';
  }
}
