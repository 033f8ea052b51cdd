/**
 * The system calls that matter for files, descriptors, mappings and processes. Of any other call only the name is read.
 */
export const CALLS = {
  open: 'open',
  openat: 'openat',
  openat2: 'openat2',
  creat: 'creat',
  close: 'close',
  close_range: 'closeRange',
  dup: 'dup',
  dup2: 'dup2',
  dup3: 'dup2',
  fcntl: 'fcntl',
  fcntl64: 'fcntl',
  read: 'read',
  readv: 'read',
  pread: 'pread',
  pread64: 'pread',
  preadv: 'pread',
  preadv2: 'preadv2',
  write: 'write',
  writev: 'write',
  pwrite: 'pwrite',
  pwrite64: 'pwrite',
  pwritev: 'pwrite',
  pwritev2: 'pwritev2',
  sendfile: 'sendfile',
  sendfile64: 'sendfile',
  copy_file_range: 'copy',
  splice: 'copy',
  fallocate: 'fallocate',
  truncate: 'truncate',
  truncate64: 'truncate',
  ftruncate: 'ftruncate',
  ftruncate64: 'ftruncate',
  mmap: 'mmap',
  mmap2: 'mmap2',
  munmap: 'munmap',
  mremap: 'mremap',
  fstat: 'fstat',
  fstat64: 'fstat',
  stat: 'stat',
  stat64: 'stat',
  lstat: 'lstat',
  lstat64: 'lstat',
  newfstatat: 'statAt',
  fstatat64: 'statAt',
  statx: 'statAt',
  lseek: 'lseek',
  _llseek: 'llseek',
  flock: 'flock',
  rename: 'rename',
  renameat: 'renameAt',
  renameat2: 'renameAt',
  link: 'link',
  linkat: 'linkAt',
  unlink: 'unlink',
  unlinkat: 'unlinkAt',
  mkdir: 'mkdir',
  mkdirat: 'mkdirAt',
  rmdir: 'rmdir',
  chdir: 'chdir',
  fchdir: 'fchdir',
  clone: 'clone',
  clone2: 'clone',
  clone3: 'clone',
  fork: 'fork',
  vfork: 'vfork',
  unshare: 'unshare',
  execve: 'execve',
  execveat: 'execve',
  exit: 'exit',
  exit_group: 'exitGroup',
  set_tid_address: 'threadId',
  gettid: 'threadId',
  getpid: 'processId',
} as const;

export type CallName = (typeof CALLS)[keyof typeof CALLS];

interface Known {
  readonly name: string;
  readonly call: CallName;
}

const byHash = new Map<number, Known>();
for (const [name, call] of Object.entries(CALLS)) {
  const hash = hashOf(Buffer.from(name, 'latin1'), 0, name.length);
  if (byHash.has(hash)) throw new Error(`two calls with one hash: ${name}`);
  byHash.set(hash, { name, call });
}

/** Adds one character to the hash of a name, so that a parser reads the name only once. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 33) + byte) | 0;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = hashStep(hash, bytes[at] ?? 0);
  return hash;
}

/** The call with this hash whose name stands in this range, or `undefined`. */
export function callNamed(hash: number, bytes: Uint8Array, start: number, end: number): CallName | undefined {
  const known = byHash.get(hash);
  if (known === undefined || known.name.length !== end - start) return undefined;
  for (let index = 0; index < known.name.length; index += 1) {
    if (bytes[start + index] !== known.name.charCodeAt(index)) return undefined;
  }
  return known.call;
}
