import { posix } from 'node:path';
import { Guard, Inode } from './inode.js';

/** The most names of files that no process has open. Beyond, the oldest are forgotten. */
const MOST_NAMES = 5_000;
/** The shards of a cache of this package: `data/7f/...` is guarded by `data/7f.lock`. */
const SHARD = /\/data\/[0-9a-f]{2}$/;
const NOT_SHARED = /^\/(?:proc|sys|dev)(?:\/|$)/;
const SHARED_MEMORY = '/dev/shm/';
export const SIDECAR_SUFFIX = '.lock';

/** The file at each path, as far as the log tells. */
export class Names {
  readonly #inodes = new Map<string, Inode>();
  readonly #guards = new Map<string, Guard>();
  readonly #forgotten: (inode: Inode) => void;

  /** `forgotten` is called with each file that no name and no descriptor refers to any more. */
  constructor(forgotten: (inode: Inode) => void) {
    this.#forgotten = forgotten;
  }

  get(path: string): Inode | undefined {
    return this.#inodes.get(path);
  }

  /** The file at a path where a process has opened one. Made where it was not known. */
  at(path: string): Inode {
    const known = this.#inodes.get(path);
    if (known !== undefined) return known;
    const inode = new Inode(path);
    inode.guard = this.#guardOf(path);
    this.#inodes.set(path, inode);
    if (this.#inodes.size > MOST_NAMES) this.#forgetSome();
    return inode;
  }

  /** A file that is open, and has lost its name already. */
  nameless(path: string): Inode {
    const inode = new Inode(path);
    inode.linked = false;
    inode.guard = this.#guardOf(path);
    return inode;
  }

  /** The sidecar whose path this is; `undefined` where it is no sidecar's path. */
  guardAt(sidecarPath: string): Guard | undefined {
    if (!sidecarPath.endsWith(SIDECAR_SUFFIX)) return undefined;
    const dataPath = sidecarPath.slice(0, -SIDECAR_SUFFIX.length);
    const guard = this.#guard(dataPath);
    if (!SHARD.test(dataPath)) {
      const inode = this.#inodes.get(dataPath);
      if (inode !== undefined) inode.guard = guard;
    }
    return guard;
  }

  /** rename(2). The file that was at `to` loses its name, and is returned. */
  move(from: string, to: string): Inode | undefined {
    const moved = this.#inodes.get(from);
    const replaced = this.#inodes.get(to);
    if (moved === replaced && moved !== undefined) return undefined;
    this.#inodes.delete(from);
    if (moved === undefined) this.#inodes.delete(to);
    else this.#name(moved, to);
    if (replaced !== undefined) this.#lose(replaced);
    return replaced;
  }

  /** renameat2(2) with RENAME_EXCHANGE: `one` is published as `other`, and the file that was there is set aside. */
  exchange(one: string, other: string): void {
    const first = this.at(one);
    const second = this.at(other);
    this.#name(first, other);
    this.#name(second, one);
    first.setAside = false;
    second.setAside = true;
  }

  /** unlink(2). Returns the file that lost its name. */
  remove(path: string): Inode | undefined {
    const inode = this.#inodes.get(path);
    if (inode === undefined) return undefined;
    this.#inodes.delete(path);
    if (inode.path === path) this.#lose(inode);
    return inode;
  }

  /** link(2): the file keeps the name that it is known by. */
  link(from: string, to: string): void {
    this.#inodes.set(to, this.at(from));
  }

  /** To be called when a descriptor or a mapping of the file has ended. */
  released(inode: Inode): void {
    if (!inode.linked && inode.opened === 0 && inode.mappings.size === 0) this.#forgotten(inode);
  }

  /** All files that have a name. */
  all(): Iterable<Inode> {
    return new Set(this.#inodes.values());
  }

  #name(inode: Inode, path: string): void {
    inode.path = path;
    inode.linked = true;
    inode.guard = this.#guardOf(path);
    this.#inodes.set(path, inode);
  }

  #lose(inode: Inode): void {
    inode.linked = false;
    this.released(inode);
  }

  #guardOf(path: string): Guard | undefined {
    if (path.endsWith(SIDECAR_SUFFIX)) return undefined;
    const folder = path.slice(0, path.lastIndexOf('/'));
    return SHARD.test(folder) ? this.#guard(folder) : this.#guards.get(path);
  }

  #guard(dataPath: string): Guard {
    let guard = this.#guards.get(dataPath);
    if (guard === undefined) {
      guard = new Guard(`${dataPath}${SIDECAR_SUFFIX}`);
      this.#guards.set(dataPath, guard);
      if (this.#guards.size > MOST_NAMES) this.#forgetGuards();
    }
    return guard;
  }

  #forgetSome(): void {
    let surplus = this.#inodes.size - MOST_NAMES / 2;
    for (const [path, inode] of this.#inodes) {
      if (surplus <= 0) return;
      if (inode.opened > 0 || inode.mappings.size > 0) continue;
      this.#inodes.delete(path);
      surplus -= 1;
      if (inode.path === path) this.#forgotten(inode);
    }
  }

  #forgetGuards(): void {
    let surplus = this.#guards.size - MOST_NAMES / 2;
    for (const [path, guard] of this.#guards) {
      if (surplus <= 0) return;
      if (guard.holders.length > 0) continue;
      this.#guards.delete(path);
      surplus -= 1;
    }
  }
}

/** Whether the path is that of a file whose bytes processes can share. */
export function isShareable(path: string): boolean {
  if (path.charCodeAt(1) !== 112 && path.charCodeAt(1) !== 115 && path.charCodeAt(1) !== 100) return true;
  return !NOT_SHARED.test(path) || path.startsWith(SHARED_MEMORY);
}

/** The absolute path that the kernel would use, where the folder is known. */
export function resolvePath(folder: string | undefined, path: string): string {
  const full = path.charCodeAt(0) === 47 || folder === undefined ? path : `${folder}/${path}`;
  return full.includes('//') || full.includes('/.') || full.startsWith('./') ? posix.normalize(full) : full;
}
