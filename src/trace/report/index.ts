export type { TraceFinding } from './findings.js';
export { reportTrace, type TracedThread, type TraceReport } from './report.js';
