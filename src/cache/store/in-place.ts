import { IN_PLACE_LIMIT } from '../directory/index.js';
import type { Manner } from './manner.js';

/**
 * Small entries are rewritten in place, and therefore read under the shard's lock. Longer ones are published. The
 * strategy `flock`.
 */
export const inPlace: Manner = {
  inPlace: true,
  readInside: IN_PLACE_LIMIT,

  readSync(sections, shard, work) {
    return sections.insideSync(shard, 'shared', work);
  },

  read(sections, shard, work, own) {
    if (sections.tryEra() === undefined) return undefined;
    let returned = false;
    const found = sections.inside(shard, 'shared', (era) => {
      const one = work(era);
      return returned ? own(one) : one;
    });
    returned = true;
    return found;
  },
};
