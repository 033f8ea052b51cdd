import { AsyncLocalStorage } from 'node:async_hooks';
import { monotonicNow } from '../../os/timers.js';
import type { After } from '../seam/index.js';
import type { AccessLine, CallSite, How, LockState, RequestLine } from './access.js';
import { packageSite, programSite } from './call-site.js';
import type { HeldLocks } from './held-locks.js';
import type { TraceLog } from './log.js';
import { descriptorOf, type OpenFile, type OpenFiles, type Told } from './open-files.js';
import { currentRequest } from './request.js';
import type { WatchList } from './watch-list.js';

/** The origin of code of node:fs that runs later. */
export interface Ambience {
  /** The line that made the stream. */
  readonly site?: CallSite | undefined;
  /** The code is part of a call that has been recorded. */
  readonly silent?: true;
}

/** Two reads of a descriptor with a longer pause between them are two accesses. */
const PAUSE_MS = 100;

/** Records accesses: finds the file, the line, the request and the lock of a call, and appends them to the log. */
export class Recorder {
  readonly watchList: WatchList;
  readonly openFiles: OpenFiles;
  readonly locks: HeldLocks;
  readonly ambience = new AsyncLocalStorage<Ambience>();
  readonly #log: TraceLog;

  constructor(watchList: WatchList, openFiles: OpenFiles, locks: HeldLocks, log: TraceLog) {
    this.watchList = watchList;
    this.openFiles = openFiles;
    this.locks = locks;
    this.#log = log;
  }

  /** The data file that a path argument names, if it is watched. */
  dataPath(argument: unknown): string | undefined {
    const watched = this.watchList.watched(argument);
    return watched?.kind === 'data' ? watched.path : undefined;
  }

  /** An access through a path, a descriptor or a FileHandle. */
  access(call: string, file: unknown, how: How): After | undefined {
    const fd = descriptorOf(file);
    if (fd === undefined) return this.accessPath(call, this.dataPath(file), how);
    const open = this.openFiles.get(fd);
    return open === undefined ? undefined : this.accessOpen(call, open, how);
  }

  /** Records an access to a data file that is not open. `undefined` stands for a file that is not watched. */
  accessPath(call: string, path: string | undefined, how: How): After | undefined {
    if (path === undefined || this.ambience.getStore()?.silent) return undefined;
    const site = programSite() ?? this.ambience.getStore()?.site ?? packageSite();
    return this.#record(call, path, how, this.locks.of(path), site, currentRequest());
  }

  /**
   * Records an access to an open data file. Reads that follow each other from one line, for one request and in one
   * state of the lock are one access, and so is all that a stream reads. The same holds for writes.
   */
  accessOpen(call: string, open: OpenFile, how: How): After | undefined {
    const { stream, last } = open;
    const site = stream ?? programSite() ?? open.site ?? packageSite();
    const request = stream === undefined ? (currentRequest() ?? open.request) : open.request;
    const lock = this.locks.of(open.path);
    const told: Told = { how, lock, site, request, at: monotonicNow() };
    open.last = told;
    if (last !== undefined && continues(last, told, stream !== undefined)) return undefined;
    return this.#record(call, open.path, how, lock, site, request);
  }

  /** To be called when a descriptor is closed: its number may refer to another file from now on. */
  closing(fd: number): void {
    this.openFiles.delete(fd);
    this.locks.closed(fd);
    this.#log.closing(fd);
  }

  /** Records the access. Returns what looks at the lock again when the access is over. */
  #record(
    call: string,
    path: string,
    how: How,
    lock: LockState,
    site: CallSite | undefined,
    request: RequestLine | undefined,
  ): After | undefined {
    const line: Omit<AccessLine, 'time' | 'lock'> = {
      kind: 'access',
      path,
      how,
      call,
      ...(site === undefined ? {} : { site }),
      ...(request === undefined ? {} : { request }),
    };
    this.#log.append({ ...line, time: Date.now(), lock });
    if (lock !== 'shared' && lock !== 'exclusive') return undefined;
    return () => {
      if (this.locks.of(path) === 'none') this.#log.append({ ...line, time: Date.now(), lock: 'none', late: true });
    };
  }
}

function continues(last: Told, told: Told, stream: boolean): boolean {
  return (
    last.how === told.how &&
    last.lock === told.lock &&
    last.site === told.site &&
    last.request === told.request &&
    (stream || told.at - last.at < PAUSE_MS)
  );
}
