import { randomBytes } from 'node:crypto';
import { SHARDS } from './key.js';

/** The names of everything in a cache's directory. Nothing else makes paths. */

export const TAG_FILE = 'CACHEDIR.TAG';
export const README_FILE = 'README';
export const VERSION_FOLDER = 'v1';
/** CACHEDIR.TAG begins with these bytes, so that backup programs leave the directory out (bford.info/cachedir). */
export const TAG_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';
/** Text in the tag that tells it from the tag of another program. The same in every version. */
export const TAG_MARK = 'holdfast cache';
export const TAG_CONTENT = `${TAG_SIGNATURE}
# This directory is a ${TAG_MARK}. It holds nothing that cannot be made again.
`;
export const README_CONTENT = `This directory is a cache made by holdfast, shared by running processes.

To empty it:    holdfast clear <this directory>
To remove it:   stop what uses it first, then delete the directory.
`;

/** Paths that belong to the whole cache. */
export interface CachePaths {
  readonly directory: string;
  readonly version: string;
  readonly format: string;
  readonly formatLock: string;
  /** Locked by the process that builds an era. */
  readonly buildLock: string;
}

export function cachePaths(directory: string): CachePaths {
  const version = `${directory}/${VERSION_FOLDER}`;
  const format = `${version}/format`;
  return { directory, version, format, formatLock: `${format}.lock`, buildLock: `${version}/build.lock` };
}

/** The name of a shard's spare file, in the folder of its entries (recycling.ts). */
export const SPARE_NAME = 'spare';

/** Paths inside one era. */
export interface EraPaths {
  readonly folder: string;
  readonly shared: string;
  /** The folder of the shards. */
  readonly data: string;
  readonly flights: string;
  readonly trash: string;
  shardFolder(shard: number): string;
  shardLock(shard: number): string;
  entry(shard: number, hash: string): string;
  spare(shard: number): string;
}

export function eraPaths(folder: string): EraPaths {
  const data = `${folder}/data`;
  return {
    folder,
    shared: `${folder}/shared`,
    data,
    flights: `${folder}/flights`,
    trash: `${folder}/trash`,
    shardFolder: (shard) => `${data}/${shardName(shard)}`,
    shardLock: (shard) => `${data}/${shardName(shard)}.lock`,
    entry: (shard, hash) => `${data}/${shardName(shard)}/${hash}`,
    spare: (shard) => `${data}/${shardName(shard)}/${SPARE_NAME}`,
  };
}

const SHARD_NAMES = Array.from({ length: SHARDS }, (_, shard) => shard.toString(16).padStart(2, '0'));

function shardName(shard: number): string {
  const name = SHARD_NAMES[shard];
  if (name === undefined) throw new RangeError(`no shard ${shard}`);
  return name;
}

/** Whether this is the name of something that a cache makes in the folder of the version. */
export function isVersionName(name: string): boolean {
  return /^(format|\.format-[0-9a-f]+|(era|ended|new)-[0-9a-f]+|[a-z]+\.lock)$/.test(name);
}

/** Prefixes of the names of eras, of eras that are being built, and of ended eras that are being deleted. */
export const ERA_PREFIX = 'era-';
export const NEW_PREFIX = 'new-';
export const ENDED_PREFIX = 'ended-';

/** A new name for an era that has ended. */
export function endedPath(paths: CachePaths): string {
  return `${paths.version}/${ENDED_PREFIX}${randomBytes(8).toString('hex')}`;
}
