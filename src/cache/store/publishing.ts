import { closeOpened } from '../storage/index.js';
import type { Manner } from './manner.js';

/** Each write publishes a file, which is never changed afterwards: so readers take no lock. The strategy `rename`. */
export const publishing: Manner = {
  inPlace: false,
  readInside: 0,

  lookSync(sections, _shard, read) {
    return sections.outside(read);
  },

  look(sections, _shard, read) {
    return sections.outsideNow(read, closeOpened);
  },
};
