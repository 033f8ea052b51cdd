import type { SharedWords } from './words.js';

/*
 * What a file takes on the disk, by one rule: its length, rounded up to whole blocks of the file system (f_bsize of
 * statfs(2), which `shared` holds since the era was built).
 *
 * The rule does not use st_blocks. Right after a write st_blocks can be 0 (ext4, btrfs and xfs allocate late), and it
 * can change later; then what is subtracted for a file would differ from what was added for it. A length does not
 * change by itself. Every process computes the same blocks from it, and so does a recount.
 *
 * The result is never less than the content takes, except on file systems whose clusters are larger than their blocks
 * (bigalloc). It is more where the content is stored inside the inode or compressed. Folders, inodes and extended
 * attributes are not counted.
 */

/** Blocks that a file of this length takes. */
export function blocksOf({ blockBytes }: Pick<SharedWords, 'blockBytes'>, length: number): number {
  return Math.ceil(length / blockBytes);
}
