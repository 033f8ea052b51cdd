import type { SharedWords } from './words.js';

/*
 * What a file takes on the disk, by one rule: its length, rounded up to whole blocks of the file system (f_bsize of statfs(2), noted in
 * `shared` when the era is built).
 *
 * Not st_blocks: right after a write it can be 0 (ext4, btrfs and xfs give space out late), and later other than it was, so that what is
 * subtracted for a file would not be what was added for it. A length does not change by itself, every process computes the same from
 * it, and a count by hand comes to the same.
 *
 * The rule never says less than the file's content takes, except on file systems whose clusters are larger than their blocks (bigalloc). It says
 * more where content is stored inside the inode or compressed. Folders, inodes and extended attributes are not in it.
 */

/** Blocks that a file of this length takes. */
export function blocksOf({ blockBytes }: Pick<SharedWords, 'blockBytes'>, length: number): number {
  return Math.ceil(length / blockBytes);
}
