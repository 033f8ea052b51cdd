import { HoldfastError } from '../../errors.js';
import { type Stats, syscalls } from '../../os/syscalls.js';
import { isUnmappedUser } from '../../os/unmapped-user.js';
import { type CachePaths, type EraPaths, SHARDS } from '../format/index.js';

/*
 * Which users can decide what a path leads to. A symbolic link in the path must belong to root or to this user, since
 * its owner can make it lead to anywhere. The directory itself, and each folder inside it, must belong to this user,
 * and let no other user write. The folders above may belong to anybody: a user who can write to one can take the cache
 * away, as its owner can, but what such a user puts in its place is not this user's, and is refused.
 */

/** As many links as Linux itself follows (path_resolution(7)). */
const MOST_LINKS = 40;
const ROOT = 0;

/**
 * Follows an absolute path as the kernel would, up to the first part that is missing. Checks each symbolic link in it,
 * and the directory that it leads to. `mode`: that of the cache's folders. Throws `ERR_UNSAFE_DIRECTORY`.
 */
export function assertSafePath(path: string, mode: number): 'whole' | 'missing' {
  const rest = parts(path);
  let [current, links] = ['', 0];
  /** The last link that was followed, and how many parts of the path come after what it leads to. */
  let followed: { readonly link: string; readonly after: number } | undefined;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '..') {
      current = current.slice(0, Math.max(0, current.lastIndexOf('/')));
      continue;
    }
    const next = `${current}/${name}`;
    const stats = syscalls.lstat(next);
    if (stats === undefined) {
      if (followed === undefined || rest.length < followed.after) return 'missing';
      throw unsafe(followed.link, 'is a symbolic link that leads nowhere. Make what it leads to, or remove it.');
    }
    if (stats.isSymbolicLink()) {
      assertLink(next, stats);
      links += 1;
      if (links > MOST_LINKS) throw unsafe(path, 'leads through symbolic links without end.');
      followed = { link: next, after: rest.length };
      const target = syscalls.readlink(next);
      rest.unshift(...parts(target));
      if (target.startsWith('/')) current = '';
      continue;
    }
    if (rest.length === 0) assertOwnFolder(next, mode, stats);
    current = next;
  }
  return 'whole';
}

/**
 * Checks the cache's directory or a folder inside it: it must be a folder and no link, belong to this user, and let no
 * other users write than `mode` does.
 */
export function assertOwnFolder(path: string, mode: number, stats = syscalls.lstat(path)): void {
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw unsafe(path, 'is not a directory.');
  if (!isOwn(stats)) {
    throw unsafe(
      path,
      `belongs to user ${stats.uid}, and this process runs as ${process.geteuid?.()}: the owner of the directory can put anything into the cache. Give the cache a directory of this user's, or run as that user.`,
    );
  }
  if ((stats.mode & 0o022 & ~mode) === 0) return;
  throw unsafe(
    path,
    `can be written to by other users (mode ${(stats.mode & 0o777).toString(8)}): a user who can write to the directory can put anything into the cache, and may have. Remove it, or make sure that all in it is this user's and take the permission away (chmod go-w).`,
  );
}

/**
 * Checks the folders of an era; those of the shards only if other users can search the folders above them. With the
 * usual permissions they cannot. A missing folder, or a file in its place, is damage, which is noticed later.
 */
export function assertSafeEra(paths: CachePaths, era: EraPaths, mode: number): void {
  const check = (path: string) => {
    const stats = syscalls.lstat(path);
    if (stats?.isDirectory() || stats?.isSymbolicLink()) assertOwnFolder(path, mode, stats);
  };
  for (const path of [era.folder, era.data, era.flights, era.trash]) check(path);
  if (![paths.directory, paths.version, era.folder, era.data].every(letsOthersIn)) return;
  for (let shard = 0; shard < SHARDS; shard += 1) check(era.shardFolder(shard));
}

/** Whether a file or folder belongs to this user. */
export function isOwn({ uid }: Stats): boolean {
  const own = process.geteuid?.();
  return own === undefined || uid === own;
}

/** Whether other users than the owner have search permission for the folder. */
function letsOthersIn(path: string): boolean {
  return ((syscalls.lstat(path)?.mode ?? 0) & 0o011) !== 0;
}

function assertLink(path: string, stats: Stats): void {
  if (isTrusted(stats)) return;
  throw unsafe(
    path,
    `is a symbolic link of user ${stats.uid}, who can make it lead to anywhere. Name the directory that it leads to instead.`,
  );
}

function isTrusted(stats: Stats): boolean {
  return isOwn(stats) || stats.uid === ROOT || isUnmappedUser(stats.uid);
}

function parts(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function unsafe(path: string, why: string): HoldfastError {
  return new HoldfastError('ERR_UNSAFE_DIRECTORY', `${path} ${why}`, { path });
}
