export {
  type AccessLine,
  type CallSite,
  type ExitLine,
  type How,
  type LockState,
  type ProcessLine,
  type RequestLine,
  TRACE_SCHEMA,
  type TraceLine,
} from './access.js';
export { packageSite, programSite } from './call-site.js';
export { HeldLocks } from './held-locks.js';
export { DIRECTORY_MODE, TraceLog } from './log.js';
export { descriptorOf, type OpenFile, OpenFiles, reads } from './open-files.js';
export { Recorder } from './recorder.js';
export { currentRequest, followRequests } from './request.js';
export { handOn, readSettings, settingsFrom, type TraceSettings, tracedEnvironment } from './settings.js';
export { WatchList } from './watch-list.js';
