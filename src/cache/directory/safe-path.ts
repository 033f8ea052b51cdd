import { HoldfastError } from '../../errors.js';
import { type Stats, syscalls } from '../../os/syscalls.js';
import { isUnmappedUser } from '../../os/unmapped-user.js';
import { type CachePaths, type EraPaths, SHARDS } from '../format/index.js';

/*
 * Which users can decide what a path leads to. A user who can rename a folder in the path of the cache, or replace a
 * symbolic link in it, can put another cache in its place. So each part of the path must belong to root or to this
 * user, and no other user may have the permission to write to it. An exception are folders with the sticky bit, such as
 * /tmp: there users can rename only what is theirs. The directory itself, and each folder inside it, must belong to
 * this user.
 */

/** As many links as Linux itself follows (path_resolution(7)). */
const MOST_LINKS = 40;
const STICKY = 0o1000;
const ROOT = 0;

/**
 * Checks every part of an absolute path, as the kernel would follow it, up to the first that is missing. `mode`: that
 * of the cache's folders. If it lets a group write, the folders of the path may do so too. Throws
 * `ERR_UNSAFE_DIRECTORY`.
 */
export function assertSafePath(path: string, mode: number): 'whole' | 'missing' {
  const rest = parts(path);
  let [current, links] = ['', 0];
  /** The last link that was followed, and how many parts of the path come after what it leads to. */
  let followed: { readonly link: string; readonly after: number } | undefined;
  assertFolderAbove('/', syscalls.lstat('/'), mode);
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
    else assertFolderAbove(next, stats, mode);
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
      `belongs to user ${stats.uid}, and this process runs as ${process.geteuid?.()}: whoever owns the directory can put anything into the cache. Give the cache a directory of this user's, or run as that user.`,
    );
  }
  if ((stats.mode & 0o022 & ~mode) === 0) return;
  throw unsafe(
    path,
    `can be written to by other users (mode ${(stats.mode & 0o777).toString(8)}): whoever can write to the directory can put anything into the cache, and may have. Remove it, or make sure that all in it is this user's and take the permission away (chmod go-w).`,
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

function assertFolderAbove(path: string, stats: Stats | undefined, mode: number): void {
  // If this is no folder, the error of making a folder in it says so best.
  if (stats === undefined || !stats.isDirectory()) return;
  if (!isTrusted(stats)) {
    throw unsafe(
      path,
      `belongs to user ${stats.uid}, who can put something else in the place of the cache below it. Give the cache a directory whose parents are root's or this user's, or run as that user.`,
    );
  }
  if ((stats.mode & STICKY) !== 0 || (stats.mode & 0o022 & ~mode & ~ownGroup(stats)) === 0) return;
  throw unsafe(
    path,
    `can be written to by other users (mode ${(stats.mode & 0o777).toString(8)}), who can put something else in the place of the cache below it. Take that permission away, or set the sticky bit (chmod +t).`,
  );
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

/** Many systems give each user a group of its own, and let it write where its user may. */
function ownGroup({ gid }: Stats): number {
  return gid === ROOT || gid === process.getegid?.() ? 0o020 : 0;
}

function parts(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function unsafe(path: string, why: string): HoldfastError {
  return new HoldfastError('ERR_UNSAFE_DIRECTORY', `${path} ${why}`, { path });
}
