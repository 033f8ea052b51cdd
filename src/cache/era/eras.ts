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

/** What the steps to the next era do, each as far as it goes: to the directory, or to a model of one. */
export interface NextEra {
  /** Every era that is found is over: who works in one sees it at the next look at its number. */
  endFound(): void;
  /** Their folders are renamed: paths into them fail from now on. */
  setAside(): void;
  /** The era that was built before, under a name that nobody knows, gets the name of an era. */
  place(): void;
  /** `format` names it. */
  publish(): void;
}

/**
 * How an era that has been built becomes the next one, under the exclusive lock of `format`. A test may change the list to show what a
 * step is for.
 */
export const nextEraSteps: (keyof NextEra)[] = ['endFound', 'setAside', 'place', 'publish'];

/** How often a directory that is removed while an era is made in it is made again. */
const MOST_REMOVALS = 10;
/** How long a process that finds no era waits while another one builds one, before it builds one itself. */
const COURTESY_MS = 1_000;
const COURTESY_PAUSE_MS = 2;

export interface ErasOptions {
  readonly strategy: CacheStrategy;
  /** Of folders; files get its read and write bits. */
  readonly mode: number;
  readonly lockTimeoutMs: number;
}

/** `missing`: only where there is no era to be found. `replace`: in any case; `ending` is called when the present one is about to end. */
type Wanted = { readonly kind: 'missing' } | { readonly kind: 'replace'; readonly ending: () => void };

const MISSING: Wanted = { kind: 'missing' };

/** The lock files of builders that are held by this thread: to sleep until one is free would be to wait for oneself. */
const building = new Set<string>();

/** The eras of one cache: finds the present one, and makes the next. */
export class Eras {
  readonly #paths: CachePaths;
  readonly #fileSystem: Pick<CacheDirectory, 'copyOnWrite' | 'blockBytes'>;
  readonly #options: ErasOptions;
  readonly #prepare: () => void;
  readonly #removals = new Set<Removal>();

  /** `prepare` makes the directory again where somebody has removed it. */
  constructor(directory: CacheDirectory, prepare: () => void, options: ErasOptions) {
    this.#paths = directory.paths;
    this.#fileSystem = { copyOnWrite: directory.copyOnWrite, blockBytes: directory.blockBytes };
    this.#prepare = prepare;
    this.#options = options;
  }

  /** The present era, opened, if there is one that is whole. Waits for nobody. */
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

  /** The present era. Made where there is none, or where it is damaged. Sleeps on this thread where it has to wait. */
  openSync(): Era {
    return runWaitingSync(this.#next(MISSING, 'thread'));
  }

  /** The same, without sleeping. */
  open(signal: AbortSignal): Promise<Era> {
    return runWaiting(this.#next(MISSING, 'turns'), signal);
  }

  /** Ends whatever era there is and opens a new, empty one. The old entries are deleted behind. `ending`: it is about to end. */
  replace(signal: AbortSignal, ending: () => void): Promise<Era> {
    return runWaiting(this.#next({ kind: 'replace', ending }, 'turns'), signal);
  }

  /** Resolves when what this process deletes is deleted. */
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
    const find = () => (wanted.kind === 'missing' ? this.find() : undefined);
    const found = find();
    if (found !== undefined) return found;
    const turn = yield* this.#builder(wanted, on);
    try {
      return find() ?? (yield* this.#make(wanted));
    } finally {
      turn?.release();
    }
  }

  /**
   * One process at a time builds an era that is missing, and the others take that. It is a courtesy and excludes nobody: who has waited for
   * long enough, or wants an era of its own, builds one too.
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

  /** Where there is no space for the next era, the former ones are deleted first; else behind. */
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

  /** Ends what there is before there is anything in its place, as a process does that dies half-way. Gives what somebody else has made instead. */
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

  /** Under the lock of `format`: another version's cache, or one with another strategy, is never ended, and is told. */
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

  /** Somebody else was faster. */
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
