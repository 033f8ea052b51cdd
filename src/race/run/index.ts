export { runRace } from './run-race.js';
export { openWorkspace } from './workspace.js';
