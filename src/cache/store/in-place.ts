import { IN_PLACE_LIMIT } from '../directory/index.js';
import type { Manner } from './manner.js';

/** Small entries are rewritten where they are, and so are read under the shard's lock; longer ones are published. The strategy `flock`. */
export const inPlace: Manner = {
  inPlace: true,
  readInside: IN_PLACE_LIMIT,

  lookSync(sections, shard, read) {
    return sections.insideSync(shard, 'shared', read);
  },

  look(sections, shard, read, keep) {
    if (sections.tryEra() === undefined) return undefined;
    let returned = false;
    const found = sections.inside(shard, 'shared', (era) => {
      const one = read(era);
      return returned ? keep(one) : one;
    });
    returned = true;
    return found;
  },
};
