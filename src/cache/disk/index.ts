export { type Checked, checkEntry, checkEntryNow } from './check-entry.js';
export { type EntryFile, noEntry, openEntryFile, openEntryFileLater } from './open-entry-file.js';
export { moveAway } from './publish.js';
export { payloadMemory, readEntry, readOpenFile, readOrOpenEntry, SCRATCH_LENGTH } from './read-entry.js';
export { type HeaderFound, readHeader } from './read-header.js';
export { removeEntry } from './remove-entry.js';
export {
  isOrphaned,
  kindOfName,
  namesIn,
  removeLeftover,
  removeNamed,
  removeOrphan,
} from './shard-folder.js';
export { giveUpSpare, isLeftBehind, sweepSpare } from './spare.js';
export { Temporary } from './temporary.js';
export { fileLengthOf, type PutOptions, putEntry, putTemporary, type TemporaryEntry } from './write-entry.js';
