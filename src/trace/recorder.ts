import { AsyncLocalStorage } from 'node:async_hooks';
import type { AccessLine, CallSite, How, RequestLine } from './access.js';
import { packageSite, programSite } from './call-site.js';
import type { HeldLocks } from './held-locks.js';
import type { After } from './intercept.js';
import type { TraceLog } from './log.js';
import { descriptorOf, type OpenFile, type OpenFiles } from './open-files.js';
import { currentRequest } from './request.js';
import type { WatchList } from './watch-list.js';

/** What code of node:fs that runs later belongs to. */
export interface Ambience {
  /** The line that made the stream which this code works for. */
  readonly site?: CallSite | undefined;
  /** It is part of a call that has been written down already. */
  readonly silent?: true;
}

/** Writes accesses down: finds the file, the line, the request and the lock of a call, and appends them to the log. */
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

  /** The data file that a path argument names, where it is watched. */
  dataPath(argument: unknown): string | undefined {
    const watched = this.watchList.find(argument);
    return watched?.kind === 'data' ? watched.path : undefined;
  }

  /** An access through a path, a descriptor or a FileHandle. */
  access(call: string, file: unknown, how: How): After | undefined {
    const fd = descriptorOf(file);
    if (fd === undefined) return this.accessPath(call, this.dataPath(file), how);
    const open = this.openFiles.get(fd);
    return open === undefined ? undefined : this.accessOpen(call, open, how);
  }

  /** An access to a data file that is not open. `undefined` is one that nobody watches. */
  accessPath(call: string, path: string | undefined, how: How): After | undefined {
    if (path === undefined || this.ambience.getStore()?.silent) return undefined;
    return this.#record(
      call,
      path,
      how,
      programSite() ?? this.ambience.getStore()?.site ?? packageSite(),
      currentRequest(),
    );
  }

  /** An access to an open data file. */
  accessOpen(call: string, open: OpenFile, how: How): After | undefined {
    if (open.stream === undefined) {
      const site = programSite() ?? open.site ?? packageSite();
      return this.#record(call, open.path, how, site, currentRequest() ?? open.request);
    }
    const state = `${how} ${this.locks.of(open.path)}`;
    if (open.told.has(state)) return undefined;
    open.told.add(state);
    this.#record(call, open.path, how, open.stream, open.request ?? currentRequest());
    return undefined;
  }

  /** A descriptor is being closed: its number may stand for another file from now on. */
  closing(fd: number): void {
    this.openFiles.delete(fd);
    this.locks.closed(fd);
    this.#log.closing(fd);
  }

  /** Writes the access down; what is returned looks at the lock again when the access is over. */
  #record(
    call: string,
    path: string,
    how: How,
    site: CallSite | undefined,
    request: RequestLine | undefined,
  ): After | undefined {
    const lock = this.locks.of(path);
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
