// @ts-check
// Installs the peers into bench/peers/node_modules, unless they are there. Some of them run install scripts to fetch or build native code;
// package.json names those that may. Where that fails the others are installed without scripts, and who lacks native code is
// reported as missing when it is opened.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Installs what is missing. */
export function installPeers() {
  /** @type {Record<string, string>} */
  const wanted = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')).dependencies;
  if (Object.entries(wanted).every(([name, version]) => versionOf(name) === version)) return;
  console.log('Installing the peers into bench/peers/node_modules ...');
  const args = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  if (npm(args) === 0) return;
  console.log('That failed; once more, without install scripts.');
  npm([...args, '--ignore-scripts']);
}

/**
 * The version of an installed peer.
 *
 * @param {string} name
 */
export function versionOf(name) {
  try {
    return String(JSON.parse(readFileSync(`${folder}node_modules/${name}/package.json`, 'utf8')).version);
  } catch {
    return undefined;
  }
}

/** @param {string[]} args */
function npm(args) {
  return spawnSync('npm', args, { cwd: folder, stdio: 'inherit' }).status;
}
