export { type EntryBytes, entryBytes, headerBytesOf, restamp, writeEntry, writeEntrySync } from './entry-bytes.js';
export { PayloadReader } from './payload-reader.js';
export { TABLE_PIECE, tableHolds } from './payload-table.js';
export { PayloadWriter } from './payload-writer.js';
