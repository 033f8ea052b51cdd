import { syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';
import { changing } from '../sections/index.js';
import { blocksOf, type ShardTotals } from '../shared/index.js';
import { moveAway } from './publish.js';

/**
 * Steps 2 to 4 of a delete. Inside the shard's exclusive section. Returns the bytes that were freed; `undefined`: there
 * was no entry. `leaseMark` 0 is for an entry that is expired, damaged or evicted. No user asked for that removal, so a
 * load of the key may still store its value.
 */
export function removeEntry(era: Era, place: Pick<Place, 'shard' | 'slot' | 'hash' | 'leaseMark'>): number | undefined {
  const removed = changing(era, place, () => unlink(era, place));
  return removed && -removed.bytes;
}

function unlink(era: Era, { shard, hash }: Pick<Place, 'shard' | 'hash'>): ShardTotals | undefined {
  const path = era.paths.entry(shard, hash);
  const old = syscalls.lstat(path);
  if (old === undefined) return undefined;
  if (!old.isFile()) {
    moveAway(era, path);
    return { entries: 0, bytes: 0, blocks: 0 };
  }
  syscalls.unlink(path);
  return { entries: -1, bytes: -old.size, blocks: -blocksOf(era.words, old.size) };
}
