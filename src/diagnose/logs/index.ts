export { Log } from './log.js';
export { inOrder, type Order } from './merge.js';
