import {
  currentRequest,
  descriptorOf,
  type OpenFile,
  packageSite,
  programSite,
  type Recorder,
} from '../record/index.js';
import type { After } from '../seam/index.js';
import { followFileHandle } from './file-handle.js';
import { openIntent } from './flags.js';
import { type Operation, openingOf } from './operations.js';

/** Records what an open does to a watched file, and follows the descriptor that it returns. */
export const open: Operation = (recorder, call, [path, flags]) => {
  const watched = recorder.watchList.watched(path);
  if (watched === undefined) return undefined;
  if (watched.kind === 'data') return openData(recorder, call, watched.path, flags);
  return (opened) => {
    const fd = follow(recorder, opened);
    if (fd !== undefined) recorder.locks.opened(watched.path, fd);
  };
};

/** A directory that is made at the path of a sidecar is the lock of proper-lockfile. */
export const mkdir: Operation = (recorder, _call, [path, options]) => {
  const watched = recorder.watchList.watched(path);
  // With `recursive` it succeeds even where another process has made the directory.
  const recursive = typeof options === 'object' && options !== null && 'recursive' in options && options.recursive;
  if (watched?.kind !== 'sidecar' || recursive) return undefined;
  return () => recorder.locks.madeDirectory(watched.path);
};

/** From now on the number may refer to another file. */
export const close: Operation = (recorder, _call, [fd]) => {
  if (typeof fd === 'number') recorder.closing(fd);
  return undefined;
};

function openData(recorder: Recorder, call: string, path: string, flags: unknown): After | undefined {
  const intent = openIntent(typeof flags === 'string' || typeof flags === 'number' ? flags : 'r');
  if (intent === undefined) return undefined;
  const opening = intent.writes || intent.truncates ? openingOf(path, intent) : 'keep';
  if (opening === 'fail') return undefined;
  if (opening !== 'keep') recorder.accessPath(call, path, opening);
  const direct = programSite();
  const stream = direct === undefined ? recorder.ambience.getStore()?.site : undefined;
  const file: OpenFile = {
    path,
    written: opening === 'create' ? 'fill' : intent.appends ? 'append' : 'write',
    site: direct ?? stream ?? packageSite(),
    request: currentRequest(),
    stream,
    last: undefined,
  };
  return (opened) => {
    const fd = follow(recorder, opened);
    if (fd !== undefined) recorder.openFiles.add(fd, file);
  };
}

function follow(recorder: Recorder, opened: unknown): number | undefined {
  if (typeof opened === 'object' && opened !== null) followFileHandle(recorder, opened);
  const fd = descriptorOf(opened);
  // A FileHandle that was garbage-collected has closed its descriptor without a call.
  if (fd !== undefined) recorder.closing(fd);
  return fd;
}
