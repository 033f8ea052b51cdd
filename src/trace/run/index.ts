export { runTraced } from './run-traced.js';
