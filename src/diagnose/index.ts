export { renderDiagnosePage } from './page/index.js';
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
} from './report/index.js';
export {
  type CommandOptions,
  type DiagnoseOptions,
  type DiagnoseProgress,
  diagnose,
  diagnoseCommand,
  diagnosePids,
  type LiveOptions,
  type LogSource,
} from './run/index.js';
export {
  type EmptyOrigin,
  type WatchEvent,
  type WatchOptions,
  type WatchReport,
  type WatchSummary,
  watchFiles,
} from './watch/index.js';
