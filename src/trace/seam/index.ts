export { copies } from './copy-tree.js';
export { type After, intercept, replaceFunction, type Style, type Target, unobserved } from './intercept.js';
export { original } from './original.js';
