export { Evictor } from './evictor.js';
export { recountMarked } from './recount-marked.js';
