export { Evictor } from './evictor.js';
export { REMOVALS_PER_SECTION, removeExpired } from './expired.js';
export { recountMarked, recountShard } from './recount.js';
