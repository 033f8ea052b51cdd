export { HEADER_ALLOWANCE, USUAL_INLINE_LIMIT } from './inline-limit.js';
export { storageFor } from './storage-for.js';
