export { type DiagnoseOptions, type DiagnoseProgress, diagnose, type LogSource } from './diagnose.js';
export { type CommandOptions, diagnoseCommand, diagnosePids, type LiveOptions } from './live.js';
