import { errorCode } from '../../errors.js';
import { monotonicNow } from '../../os/timers.js';
import {
  assertCompatible,
  assertSafeEra,
  type CacheDirectory,
  type CacheStrategy,
  incompatible,
  readFormat,
  writeFormat,
} from '../directory/index.js';
import { type CachePaths, ERA_PREFIX, eraPaths } from '../format/index.js';
import { type BuiltEra, buildEra } from './build-era.js';
import { type Era, endEraIn, openEra } from './era.js';
import { tryExclusiveLock, whileLocked } from './exclusive-file.js';
import { formerEras, setAside, versionNames } from './former-eras.js';
import { type Removal, removeBehind } from './remove-tree.js';
import { runWaiting, runWaitingSync, type Waiting } from './waiting.js';

/** What the steps to the next era do to the directory, or to a model of it. */
export interface NextEra {
  /** Ends every era that is found. A process that works in one sees that when it next loads the era's number. */
  endFound(): void;
  /** Renames their folders: paths into them fail from now on. */
  setAside(): void;
  /** Gives the new era, which has been built under another name, the name of an era. */
  place(): void;
  /** Writes its name to `format`. */
  publish(): void;
}

/**
 * How an era that has been built becomes the next one, under the exclusive lock of `format`. A test may change the list
 * to show why a step is needed.
 */
export const nextEraSteps: (keyof NextEra)[] = ['endFound', 'setAside', 'place', 'publish'];

/** If the directory is removed while an era is made in it, it is made again, so many times at most. */
const MOST_REMOVALS = 10;
/** So long a process that finds no era waits for another one that builds one; then it builds one itself. */
const COURTESY_MS = 1_000;
const COURTESY_PAUSE_MS = 2;

export interface ErasOptions {
  readonly strategy: CacheStrategy;
  /** The mode of folders. Files get its bits for reading and writing. */
  readonly mode: number;
  readonly lockTimeoutMs: number;
}

/**
 * When to make an era. `missing`: only if there is none. `replace`: always; `ending` is called before the present one
 * ends.
 */
type Wanted = { readonly kind: 'missing' } | { readonly kind: 'replace'; readonly ending: () => void };

const MISSING: Wanted = { kind: 'missing' };

/** The build locks that this thread holds. It must not sleep until one of these is free: it would wait for itself. */
const building = new Set<string>();

/** The eras of one cache. Finds the present one, and makes the next. */
export class Eras {
  readonly #paths: CachePaths;
  readonly #fileSystem: Pick<CacheDirectory, 'copyOnWrite' | 'blockBytes'>;
  readonly #options: ErasOptions;
  readonly #prepare: () => void;
  readonly #removals = new Set<Removal>();

  /** `prepare` makes the directory again after it has been removed. */
  constructor(directory: CacheDirectory, prepare: () => void, options: ErasOptions) {
    this.#paths = directory.paths;
    this.#fileSystem = { copyOnWrite: directory.copyOnWrite, blockBytes: directory.blockBytes };
    this.#prepare = prepare;
    this.#options = options;
  }

  /** Opens the present era, if there is one and it is complete. Does not wait. */
  find(): Era | undefined {
    const format = readFormat(this.#paths);
    if (format === undefined) return undefined;
    assertCompatible(format, this.#options.strategy, this.#paths);
    const folder = `${this.#paths.version}/${format.era}`;
    assertSafeEra(this.#paths, eraPaths(folder), this.#options.mode);
    const era = openEra(folder, format.number);
    if (era !== 'unknown layout') return era;
    throw incompatible(this.#paths, 'has been opened by a newer version of holdfast. Use that, or another directory.');
  }

  /** Opens the present era, and makes one if there is none or it is damaged. If it has to wait, this thread sleeps. */
  openSync(): Era {
    return runWaitingSync(this.#next(MISSING, 'thread'));
  }

  /** The same, without sleeping. */
  open(signal: AbortSignal): Promise<Era> {
    return runWaiting(this.#next(MISSING, 'turns'), signal);
  }

  /**
   * Ends the present era, if there is one, and opens a new, empty one. The old entries are deleted in the background.
   * `ending` is called before the present era ends.
   */
  replace(signal: AbortSignal, ending: () => void): Promise<Era> {
    return runWaiting(this.#next({ kind: 'replace', ending }, 'turns'), signal);
  }

  /** Resolves when all that this process deletes has been deleted. */
  async settled(): Promise<void> {
    const removals = [...this.#removals];
    for (const removal of removals) removal.keepAlive();
    await Promise.all(removals.map((removal) => removal.done));
  }

  *#next(wanted: Wanted, on: 'thread' | 'turns'): Waiting<Era> {
    for (let removals = 0; ; removals += 1) {
      try {
        return yield* this.#nextIn(wanted, on);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT' || removals >= MOST_REMOVALS) throw error;
        this.#prepare();
      }
    }
  }

  *#nextIn(wanted: Wanted, on: 'thread' | 'turns'): Waiting<Era> {
    const usable = () => (wanted.kind === 'missing' ? this.find() : undefined);
    const found = usable();
    if (found !== undefined) return found;
    const turn = yield* this.#builder(wanted, on);
    try {
      return usable() ?? (yield* this.#make(wanted));
    } finally {
      turn?.release();
    }
  }

  /**
   * Takes the build lock, so that one process builds a missing era while the others wait for it. The lock only saves
   * work. A process that has waited for COURTESY_MS, or that replaces the era, builds one without it.
   */
  *#builder(wanted: Wanted, on: 'thread' | 'turns'): Waiting<{ release(): void } | undefined> {
    const path = this.#paths.buildLock;
    const deadline = monotonicNow() + (wanted.kind === 'missing' ? COURTESY_MS : 0);
    for (;;) {
      const lock = tryExclusiveLock(path);
      if (lock !== undefined) {
        building.add(path);
        return {
          release() {
            building.delete(path);
            lock.release();
          },
        };
      }
      if (monotonicNow() >= deadline || (on === 'thread' && building.has(path))) return undefined;
      yield { kind: 'pause', ms: COURTESY_PAUSE_MS };
    }
  }

  /** Makes the next era. The former ones are deleted in the background, or first if there is no space otherwise. */
  *#make(wanted: Wanted): Waiting<Era> {
    try {
      return yield* this.#makeOnce(wanted);
    } catch (error) {
      if (errorCode(error) !== 'ENOSPC') throw error;
    }
    return (yield* this.#makeRoom(wanted)) ?? (yield* this.#makeOnce(MISSING));
  }

  *#makeOnce(wanted: Wanted): Waiting<Era> {
    const { strategy, mode } = this.#options;
    const built = yield* buildEra(this.#paths, { mode, ...this.#fileSystem });
    let former: string[] = [];
    const publish = () => {
      const found = this.#foundInstead(wanted);
      if (found !== undefined) return found;
      const next: NextEra = {
        ...this.#endings(),
        place: () => built.place(),
        publish: () => writeFormat(this.#paths, { strategy, era: built.name, number: built.era.number }, mode),
      };
      for (const step of nextEraSteps) next[step]();
      former = formerEras(this.#paths, built.name);
      return built.era;
    };
    try {
      const era = yield* this.#locked(publish, wanted);
      if (era !== built.era) this.#discard(built);
      this.#remove(former);
      return era;
    } catch (error) {
      built.era.close();
      yield { kind: 'removal', folder: built.folder };
      throw error;
    } finally {
      built.done();
    }
  }

  /**
   * Ends the present era, and deletes all former ones before the next one is built. A process that dies half-way leaves
   * the same state. Gives the era that another process has made instead, if there is one.
   */
  *#makeRoom(wanted: Wanted): Waiting<Era | undefined> {
    let former: string[] = [];
    const end = () => {
      const found = this.#foundInstead(wanted);
      if (found !== undefined) return { found };
      const { endFound, setAside } = this.#endings();
      endFound();
      setAside();
      former = formerEras(this.#paths, undefined);
      return { found: undefined };
    };
    const { found } = yield* whileLocked(this.#paths.formatLock, end, { timeoutMs: this.#options.lockTimeoutMs });
    for (const folder of former) yield { kind: 'removal', folder };
    return found;
  }

  /**
   * The era to use instead of a new one, if there is one. Under the lock of `format`. Throws if the cache is another
   * version's or has another strategy: such a cache is never ended.
   */
  #foundInstead(wanted: Wanted): Era | undefined {
    const found = this.find();
    if (wanted.kind === 'missing') return found;
    found?.close();
    wanted.ending();
    return undefined;
  }

  #endings(): Pick<NextEra, 'endFound' | 'setAside'> {
    const { version } = this.#paths;
    return {
      endFound: () => {
        for (const name of versionNames(this.#paths, ERA_PREFIX)) endEraIn(`${version}/${name}`);
      },
      setAside: () => {
        for (const name of versionNames(this.#paths, ERA_PREFIX)) setAside(this.#paths, name);
      },
    };
  }

  #locked(work: () => Era, wanted: Wanted): Waiting<Era> {
    const wait = { timeoutMs: this.#options.lockTimeoutMs };
    return whileLocked(
      this.#paths.formatLock,
      work,
      wanted.kind === 'missing' ? { ...wait, meanwhile: () => this.find() } : wait,
    );
  }

  /** Deletes an era that is not needed: another process was faster. */
  #discard(built: BuiltEra): void {
    built.era.close();
    this.#remove([built.folder]);
  }

  #remove(folders: readonly string[]): void {
    for (const folder of folders) {
      const removal = removeBehind(folder);
      this.#removals.add(removal);
      void removal.done.then(() => this.#removals.delete(removal));
    }
  }
}
