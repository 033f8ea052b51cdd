import { statfsSync } from 'node:fs';

/** Kinds of file system that differ in what they promise. `unknown`: its number is not in the list below. */
export type FilesystemKind =
  | 'ext'
  | 'xfs'
  | 'btrfs'
  | 'tmpfs'
  | 'overlay'
  | 'f2fs'
  | 'zfs'
  | 'bcachefs'
  | 'nfs'
  | 'smb'
  | '9p'
  | 'fuse'
  | 'ceph'
  | 'unknown';

/** By `f_type` of statfs(2): the numbers of linux/magic.h, and those that drivers define for themselves. */
const KINDS: ReadonlyMap<number, FilesystemKind> = new Map([
  [0xef53, 'ext'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'tmpfs'],
  [0x794c7630, 'overlay'],
  [0xf2f52010, 'f2fs'],
  [0x2fc12fc1, 'zfs'],
  [0xca451a4e, 'bcachefs'],
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xff534d42, 'smb'],
  [0xfe534d42, 'smb'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x00c36400, 'ceph'],
]);

/**
 * The kind of file system that holds this path. virtiofs counts as `fuse`, whose protocol it speaks. Outside Linux,
 * where the numbers mean other things, the answer is `unknown`.
 */
export function filesystemKind(path: string): FilesystemKind {
  if (process.platform !== 'linux') return 'unknown';
  // On some architectures the field is a signed 32-bit number, and that of SMB is negative.
  return KINDS.get(statfsSync(path).type >>> 0) ?? 'unknown';
}

const USUAL_BLOCK = 4_096;
const LARGEST_BLOCK = 1_048_576;

/**
 * The unit in which the file system at this path gives space to files: `f_bsize` of statfs(2), or a page where that is
 * no plausible size.
 */
export function blockBytes(path: string): number {
  const { bsize } = statfsSync(path);
  return Number.isSafeInteger(bsize) && bsize >= 512 && bsize <= LARGEST_BLOCK ? bsize : USUAL_BLOCK;
}
