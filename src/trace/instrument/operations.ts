import { constants } from 'node:fs';
import { descriptorOf, type OpenFile, type Recorder } from '../record/index.js';
import { type After, copies, original } from '../seam/index.js';
import { type OpenIntent, openIntent } from './flags.js';

/**
 * The effect of one function of node:fs on the files that it gets, in each of its styles: callback, `Sync`, promise.
 */
export type Operation = (recorder: Recorder, call: string, args: readonly unknown[]) => After | undefined;

/** Functions that exist in all three styles. */
export const PATH_OPERATIONS: Readonly<Record<string, Operation>> = {
  readFile: (recorder, call, [file]) => recorder.access(call, file, 'read'),
  writeFile: (recorder, call, [file, , options]) => write(recorder, call, file, flagOf(options, 'w')),
  appendFile: (recorder, call, [file, , options]) => write(recorder, call, file, flagOf(options, 'a')),
  truncate: (recorder, call, [file]) => recorder.access(call, file, 'truncate'),
  rename: renameOver,
  link: renameOver,
  unlink: remove,
  rm: remove,
  rmdir: remove,
  copyFile(recorder, call, [from, to, mode]) {
    const read = recorder.access(call, from, 'read');
    const exclusive = typeof mode === 'number' && (mode & constants.COPYFILE_EXCL) !== 0;
    const written = write(recorder, call, to, exclusive ? 'wx' : 'w');
    return read ?? written;
  },
  cp(recorder, call, [from, to, options]) {
    for (const pair of copies(from, to, options)) {
      recorder.access(call, pair.from, 'read');
      // cp removes a file that it replaces, and makes it anew.
      recorder.access(call, pair.to, 'create');
    }
    return undefined;
  },
};

/** Functions whose first argument is a descriptor. Their promise style is a method of FileHandle. */
export const DESCRIPTOR_OPERATIONS: Readonly<Record<string, Operation>> = {
  read: (recorder, call, [fd]) => recorder.access(call, fd, 'read'),
  readv: (recorder, call, [fd]) => recorder.access(call, fd, 'read'),
  write: (recorder, call, [fd]) => writeOpen(recorder, call, fd),
  writev: (recorder, call, [fd]) => writeOpen(recorder, call, fd),
  ftruncate: (recorder, call, [fd]) => truncateOpen(recorder, call, fd),
};

/** A write through a descriptor or FileHandle; its kind depends on how the file was opened. */
export function writeOpen(recorder: Recorder, call: string, fd: unknown): After | undefined {
  return onOpen(recorder, fd, (file) => recorder.accessOpen(call, file, file.written));
}

/** A truncation through a descriptor or FileHandle. Where the same open has made the file, it belongs to filling it. */
export function truncateOpen(recorder: Recorder, call: string, fd: unknown): After | undefined {
  return onOpen(recorder, fd, (file) => recorder.accessOpen(call, file, file.written === 'fill' ? 'fill' : 'truncate'));
}

/**
 * What an open for writing does to a data file before any write: it empties the file, makes it, leaves it as it is, or
 * fails.
 */
export function openingOf(path: string, intent: OpenIntent): 'truncate' | 'create' | 'keep' | 'fail' {
  const there = original.statSync(path, { throwIfNoEntry: false }) !== undefined;
  if (!there) return intent.creates ? 'create' : 'fail';
  if (intent.creates && intent.exclusive) return 'fail';
  return intent.truncates ? 'truncate' : 'keep';
}

function write(recorder: Recorder, call: string, file: unknown, flag: unknown): After | undefined {
  const open = writeOpen(recorder, call, file);
  const path = recorder.dataPath(file);
  const intent = openIntent(flag);
  if (path === undefined || intent === undefined) return open;
  const opening = openingOf(path, intent);
  if (opening === 'fail') return undefined;
  return recorder.accessPath(call, path, opening !== 'keep' ? opening : intent.appends ? 'append' : 'write');
}

function renameOver(recorder: Recorder, call: string, [from, to]: readonly unknown[]): undefined {
  recorder.access(call, from, 'move');
  recorder.access(call, to, 'publish');
}

function remove(recorder: Recorder, call: string, [file]: readonly unknown[]): undefined {
  const watched = recorder.watchList.watched(file);
  if (watched?.kind === 'sidecar') recorder.locks.removedDirectory(watched.path);
  else recorder.accessPath(call, watched?.path, 'remove');
}

function onOpen(recorder: Recorder, value: unknown, then: (file: OpenFile) => After | undefined): After | undefined {
  const fd = descriptorOf(value);
  const file = fd === undefined ? undefined : recorder.openFiles.get(fd);
  return file === undefined ? undefined : then(file);
}

function flagOf(options: unknown, otherwise: string): unknown {
  if (typeof options !== 'object' || options === null || !('flag' in options)) return otherwise;
  return options.flag ?? otherwise;
}
