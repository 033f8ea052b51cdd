import { closeOpened } from '../storage/index.js';
import type { Manner } from './manner.js';

/** Each write publishes a new file, which never changes. So readers take no lock. The strategy `rename`. */
export const publishing: Manner = {
  inPlace: false,
  readInside: 0,

  readSync(sections, _shard, work) {
    return sections.outside(work);
  },

  read(sections, _shard, work) {
    return sections.outsideNow(work, closeOpened);
  },
};
