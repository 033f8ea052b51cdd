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

/** Set in a thread that is traced, so that a second copy of this package does not record every access again. */
const STARTED = Symbol.for('holdfast.trace');

/**
 * Traces this thread from now on, and the worker threads and Node processes that it starts. Does nothing in a thread
 * that is traced already. Throws `ERR_INVALID_ARGUMENT` where neither settings nor environment say what to watch. Where
 * the log cannot be made, there is a process warning and no trace: a worker of a service may run as another user than
 * the process that started it, and must run all the same.
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

/** Finds sidecars that were locked before this program began, as by flock(1): their descriptors were inherited. */
function findInheritedSidecars(watchList: WatchList, locks: HeldLocks): void {
  for (const fd of inheritedDescriptors()) {
    try {
      const watched = watchList.watched(original.readlinkSync(`/proc/self/fd/${fd}`));
      if (watched?.kind === 'sidecar') locks.opened(watched.path, fd);
    } catch {
      // The descriptor of this directory itself.
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
