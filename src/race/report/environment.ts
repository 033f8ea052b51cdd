import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type FilesystemKind, filesystemKind } from '../../os/filesystem.js';
import { type FlockMechanism, flockMechanism } from '../../os/flock.js';

/** The machine and the software of a run. */
export interface RaceEnvironment {
  node: string;
  platform: string;
  kernel: string;
  arch: string;
  /** How many processors this process may use. */
  cpus: number;
  cpuModel: string;
  memoryBytes: number;
  /** The file system of the folder that the race ran in. */
  filesystem: FilesystemKind;
  /** The package that calls flock(2); `null` where none does. */
  flock: FlockMechanism | null;
  /** The versions of this package and of those that take part; `null` where one is not installed. */
  versions: Record<string, string | null>;
}

const PACKAGES = ['koffi', 'fs-ext', 'proper-lockfile', 'write-file-atomic'];

/** Describes the machine. `folder`: the one whose file system is described. */
export function describeEnvironment(folder: string): RaceEnvironment {
  return {
    node: process.version,
    platform: platform(),
    kernel: release(),
    arch: arch(),
    cpus: availableParallelism(),
    cpuModel: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    filesystem: filesystemKind(folder),
    flock: mechanism(),
    versions: versions(),
  };
}

function mechanism(): FlockMechanism | null {
  try {
    return flockMechanism();
  } catch {
    return null;
  }
}

function versions(): Record<string, string | null> {
  const require = createRequire(import.meta.url);
  const versionOf = (manifestPath: string): string => JSON.parse(readFileSync(manifestPath, 'utf8')).version;
  const installed = (name: string): string | null => {
    try {
      // Not `<name>/package.json`, which not every package exports.
      const [folder] = require.resolve(name).split(`/node_modules/${name}/`);
      return versionOf(`${folder}/node_modules/${name}/package.json`);
    } catch {
      return null;
    }
  };
  const own = versionOf(fileURLToPath(new URL('../../../package.json', import.meta.url)));
  return { holdfast: own, ...Object.fromEntries(PACKAGES.map((name) => [name, installed(name)])) };
}
