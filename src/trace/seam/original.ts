import fs from 'node:fs';

/** The functions of node:fs that the trace itself uses, as they were before it replaced them. */
export const original = {
  closeSync: fs.closeSync,
  fstatSync: fs.fstatSync,
  mkdirSync: fs.mkdirSync,
  openSync: fs.openSync,
  readdirSync: fs.readdirSync,
  readFileSync: fs.readFileSync,
  readlinkSync: fs.readlinkSync,
  realpath: fs.realpathSync.native,
  statSync: fs.statSync,
  writeSync: fs.writeSync,
};
