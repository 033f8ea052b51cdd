import { monotonicMs } from '../../os/boot.js';
import { directoryPath, prepareDirectory } from '../directory/index.js';
import { Eras } from '../era/index.js';
import { type Place, placeOf } from '../format/index.js';
import { closedError, SectionRunner } from '../sections/index.js';
import { Counters } from '../shared/index.js';
import type { Storage } from '../storage/index.js';
import { storageFor } from '../store/index.js';
import { type FileCacheOptions, type ResolvedCacheOptions, resolveCacheOptions } from './options.js';
import { reportDamage, reportLockWait } from './reports.js';
import { UnderWay } from './under-way.js';

/** Makes the store of a cache. Only tests replace it. */
type MakeStorage = typeof storageFor;

/**
 * What all parts of a cache share: options, sections, the store, counters and reports. The public class is a facade
 * over it.
 */
export class CacheCore {
  readonly options: ResolvedCacheOptions;
  /** Absolute path. */
  readonly directory: string;
  /** The same for all instances on the directory, whatever path they were opened by. */
  readonly identity: string;
  readonly sections: SectionRunner;
  readonly storage: Storage;
  readonly counters = new Counters();
  readonly #eras: Eras;
  readonly #underWay = new UnderWay();
  readonly #everySecond = new Set<() => void>();
  #closing: Promise<void> | undefined;

  constructor(options: FileCacheOptions, makeStorage: MakeStorage = storageFor) {
    this.options = resolveCacheOptions(options);
    const { strategy, mode, lockTimeoutMs } = this.options;
    this.directory = directoryPath(this.options.directory);
    const prepare = () => prepareDirectory(this.directory, mode);
    const directory = prepare();
    this.identity = directory.identity;
    this.#eras = new Eras(directory, prepare, { strategy, mode, lockTimeoutMs });
    this.sections = new SectionRunner(this.#eras, {
      lockTimeoutMs,
      directory: this.directory,
      clock: monotonicMs,
      onWait: (waitedMs) => {
        this.counters.lockWaits += 1;
        reportLockWait(this.directory, waitedMs);
      },
      onSecond: () => this.#second(),
    });
    this.storage = makeStorage(this, strategy, directory.copyOnWrite);
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Permissions of files. */
  get fileMode(): number {
    return this.options.mode & 0o666;
  }

  /** Throws `ERR_CACHE_CLOSED`, or `ERR_INVALID_KEY`. */
  place(key: unknown): Place {
    this.assertOpen();
    return placeOf(key);
  }

  assertOpen(): void {
    if (this.closed) throw closedError(this.directory);
  }

  /** Counts and reports a damaged entry. Outside any section. */
  noteDamage(place: Place, reason: string, path = this.storage.pathOf(place)): void {
    this.counters.damaged += 1;
    reportDamage({ directory: this.directory, key: place.key, path, reason });
  }

  /** Adds a task that runs about once a second. It must not throw. */
  everySecond(task: () => void): void {
    this.#everySecond.add(task);
  }

  /** Does at once what is due each second: for a loop of the user that lets no timer run. */
  doEachSecond(): void {
    this.sections.checkPath();
    this.#second();
  }

  #second(): void {
    this.flushCounters();
    for (const task of this.#everySecond) task();
  }

  /**
   * Adds what this instance has counted to the counts of all processes. If the era has ended, the counts wait for the
   * next one. Never throws.
   */
  flushCounters(): void {
    const { opened } = this.sections;
    if (!opened.ended) this.counters.flush(opened.words);
  }

  /**
   * Returns the result of the work, and makes `close` wait for it. For work that outlasts a turn of the event loop and
   * needs the store afterwards.
   */
  whileOpen<T>(work: Promise<T>): Promise<T> {
    return this.#underWay.add(work);
  }

  /**
   * Waits for all work under way and for the removal of former eras, then closes. Each call returns the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#underWay.settled();
    this.flushCounters();
    await this.sections.close();
    await this.#eras.settled();
  }
}
