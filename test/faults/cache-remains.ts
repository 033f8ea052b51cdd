import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { placeOf } from '../../src/cache/format/key.js';

/**
 * How many locks of flock(2) this process holds, as the kernel tells: between two operations none. Not the one on the folder
 * in which former eras are deleted behind: it lasts as long as that does, and its descriptor is counted after `close`.
 */
export function locksHeld(directory: string): number {
  const version = `${directory}/v1`;
  const marked = existsSync(version) ? String(statSync(version).ino) : undefined;
  const ours = new RegExp(`FLOCK +ADVISORY +[A-Z]+ +${process.pid} [0-9a-f]+:[0-9a-f]+:(\\d+) `, 'g');
  const inodes = [...readFileSync('/proc/locks', 'latin1').matchAll(ours)].map(([, inode]) => inode ?? '');
  return inodes.filter((inode) => inode !== marked).length;
}

/**
 * Files that an operation which is over has no use for: temporaries in the shards of these keys, eras that are not named, what was moved aside.
 * Not the file of a flight's lock that nobody holds: only its holder may remove it, and where locking fails there is none; `prune` takes it.
 */
export function litter(directory: string, keys: readonly string[]): string[] {
  const version = `${directory}/v1`;
  const { era } = JSON.parse(readFileSync(`${version}/format`, 'utf8')) as { era: string };
  const inVersion = readdirSync(version).filter((name) => name !== era && /^(era-|new-|\.)/.test(name));
  if (!existsSync(`${version}/${era}`)) return inVersion;
  const shards = keys.map((key) => `${version}/${era}/data/${placeOf(key).hash.slice(0, 2)}`);
  return [
    ...inVersion,
    ...readdirSync(`${version}/${era}/trash`),
    ...shards.flatMap((shard) => readdirSync(shard).filter((name) => name.startsWith('.'))),
  ];
}
