import { isMainThread } from 'node:worker_threads';
import { messageOf } from '../os/realms.js';
import { instrument } from './instrument/index.js';
import {
  followRequests,
  HeldLocks,
  handOn,
  OpenFiles,
  Recorder,
  readSettings,
  TraceLog,
  type TraceSettings,
  WatchList,
} from './record/index.js';
import { original } from './seam/index.js';

/** Set in a thread that is traced: a second copy of this package must not write everything down again. */
const STARTED = Symbol.for('holdfast.trace');

/**
 * Traces this thread from now on, and with it the worker threads and the Node processes that it starts. Does nothing where that has been done.
 * Throws `ERR_INVALID_ARGUMENT` where nothing says what to watch. Where the log cannot be made there is a process warning and no trace: a
 * worker of a service may run as another user than the process that started it, and must run all the same.
 */
export function startTrace(): void {
  if (Reflect.has(globalThis, STARTED)) return;
  Object.defineProperty(globalThis, STARTED, { value: true });
  const settings = readSettings();
  handOn(settings);
  const log = openLog(settings);
  if (log === undefined) return;
  const watchList = new WatchList(settings.patterns);
  const locks = new HeldLocks();
  if (isMainThread) findInheritedSidecars(watchList, locks);
  followRequests();
  instrument(new Recorder(watchList, new OpenFiles(), locks, log));
  process.on('exit', (status) => log.append({ kind: 'exit', time: Date.now(), status: Number(status) }));
}

function openLog({ directory, patterns }: TraceSettings): TraceLog | undefined {
  try {
    return new TraceLog(directory, patterns);
  } catch (error) {
    const reason = messageOf(error);
    process.emitWarning(`This thread is not traced: its log cannot be made (${reason}).`, {
      type: 'HoldfastWarning',
      code: 'HOLDFAST_TRACE_OFF',
    });
    return undefined;
  }
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
