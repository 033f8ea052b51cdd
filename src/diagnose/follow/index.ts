export { AuditReader } from './audit-reader.js';
export { foundOpen } from './descriptors.js';
export { judge } from './judge.js';
export { StraceReader } from './strace-reader.js';
