export type { Contender, OpenContender } from './contender.js';
export { CONTENDER_NAMES, type ContenderName } from './contenders.js';
