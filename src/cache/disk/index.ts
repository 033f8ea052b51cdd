export { type Checked, checkEntry, checkEntryNow, type EntryProblem } from './check-entry.js';
export { type CountedFile, openCountedLater } from './counted-file.js';
export { moveAway } from './publish.js';
export {
  ABSENT,
  closeOpened,
  copied,
  type Found,
  type FoundEntry,
  type OpenEntry,
  payloadMemory,
  readEntry,
  readOpenFile,
  readOrOpenEntry,
  SCRATCH_LENGTH,
  unheld,
} from './read-entry.js';
export { type HeaderFound, openEntryFile, readHeader } from './read-header.js';
export { isOrphaned, kindOfName, namesIn, removeLeftover, removeNamed, removeOrphan } from './shard-folder.js';
export { giveUpSpare, isLeftBehind, sweepSpare } from './spare.js';
export { Temporary } from './temporary.js';
export { fileLengthOf, putEntry, putTemporary, removeEntry, type TemporaryEntry } from './write-entry.js';
