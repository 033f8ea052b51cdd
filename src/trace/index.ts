/**
 * To be loaded before a program, with `node --import holdfast/trace app.js`: writes down who reads and writes the files that `HOLDFAST_TRACE`
 * names, from which line, in which request, and with which lock. `holdfast trace report` reads what it wrote.
 */
import { startTrace } from './start.js';

startTrace();

export type { CallSite, How, LockState, RequestLine } from './record/index.js';
