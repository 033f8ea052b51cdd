export type { Assignment } from './child.js';
export { Supervisor } from './supervisor.js';
