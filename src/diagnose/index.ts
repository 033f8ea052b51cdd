export { type DiagnoseOptions, type DiagnoseProgress, diagnose, type LogSource } from './diagnose.js';
export { diagnoseCommand, diagnosePids, type LiveOptions } from './live.js';
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
