export { auditCallName, auditOpenFlags } from './calls.js';
export { type AuditRecord, isAuditFrame, isAuditLine, parseAuditLine } from './line.js';
