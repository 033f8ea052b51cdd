export { breakLocks, type RaceLock } from './broken-lock.js';
export type { Contender, Course } from './contender.js';
export { naiveContender } from './naive.js';
export { safeContender } from './safe.js';
