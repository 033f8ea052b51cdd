export { type DiagnoseOptions, type DiagnoseProgress, diagnose, type LogSource } from './diagnose.js';
export { type CommandOptions, diagnoseCommand, diagnosePids, type LiveOptions } from './live.js';
export { renderDiagnosePage } from './page.js';
export {
  type DiagnoseReport,
  FINDING_KINDS,
  type FileUser,
  type Finding,
  type FindingKind,
  type HeldSidecar,
  type LogSummary,
  type Manner,
  type Party,
  type Role,
  type Step,
  type StepKind,
  type Victim,
} from './report.js';
export { type WatchOptions, type WatchReport, watchFiles } from './watch.js';
export type { EmptyOrigin, WatchEvent } from './watch-events.js';
export type { WatchSummary } from './watch-tally.js';
