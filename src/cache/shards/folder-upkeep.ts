import type { ShardUpkeep } from '../storage/index.js';
import { checkShard } from './check-shard.js';
import { removeExpired } from './expired.js';
import { recountShard } from './recount.js';
import { sweepShard } from './sweep.js';
import { walkShard } from './walk.js';

/** Upkeep where a shard is a folder, and an entry a file in it. */
export const folderUpkeep: ShardUpkeep = {
  walk: walkShard,
  removeExpired,
  recount: recountShard,
  check: checkShard,
  sweep: sweepShard,
};
