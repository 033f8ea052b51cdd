/**
 * To be loaded before a program, with `node --import holdfast/trace app.js`: records the reads and writes of the files
 * that `HOLDFAST_TRACE` names: the process, the line, the request, and the lock. `holdfast trace report` reads what it
 * wrote.
 */
import { startTrace } from './start.js';

startTrace();

export type { CallSite, How, LockState, RequestLine } from './record/index.js';
