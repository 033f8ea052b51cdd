import { isMainThread } from 'node:worker_threads';
import { HeldLocks } from './held-locks.js';
import { instrument } from './instrument.js';
import { TraceLog } from './log.js';
import { OpenFiles } from './open-files.js';
import { original } from './original.js';
import { Recorder } from './recorder.js';
import { followRequests } from './request.js';
import { handOn, readSettings } from './settings.js';
import { WatchList } from './watch-list.js';

/** Set in a thread that is traced: a second copy of this package must not write everything down again. */
const STARTED = Symbol.for('holdfast.trace');

/**
 * Traces this thread from now on, and with it the worker threads and the Node processes that it starts. Does nothing where that has been done.
 * Throws `ERR_INVALID_ARGUMENT` where nothing says what to watch, and the system's error where the log cannot be made.
 */
export function startTrace(): void {
  if (Reflect.has(globalThis, STARTED)) return;
  Object.defineProperty(globalThis, STARTED, { value: true });
  const settings = readSettings();
  const log = new TraceLog(settings.directory, settings.patterns);
  const watchList = new WatchList(settings.patterns);
  const locks = new HeldLocks();
  if (isMainThread) findInheritedSidecars(watchList, locks);
  followRequests();
  instrument(new Recorder(watchList, new OpenFiles(), locks, log));
  process.on('exit', (status) => log.append({ kind: 'exit', time: Date.now(), status: Number(status) }));
  handOn(settings);
}

/** A sidecar that was locked before this program began, as by flock(1): its descriptor was inherited. */
function findInheritedSidecars(watchList: WatchList, locks: HeldLocks): void {
  for (const fd of inheritedDescriptors()) {
    try {
      const watched = watchList.find(original.readlinkSync(`/proc/self/fd/${fd}`));
      if (watched?.kind === 'sidecar') locks.opened(watched.path, fd);
    } catch {
      // The one with which the folder was listed.
    }
  }
}

function inheritedDescriptors(): number[] {
  try {
    return original.readdirSync('/proc/self/fd').map(Number);
  } catch {
    return [];
  }
}
