export { displayBenchProgress, loadName } from './bench-progress.js';
export { displayCacheProgress } from './cache-progress.js';
export { runLong } from './long-command.js';
export { displayProgress } from './race-progress.js';
