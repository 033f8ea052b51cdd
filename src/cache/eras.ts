import { randomBytes } from 'node:crypto';
import { errorCode, quietly } from '../errors.js';
import { syscalls } from '../os/syscalls.js';
import type { CacheDirectory } from './directory.js';
import { buildEra, type Era, endEraIn, newEraNumber, openEra } from './era.js';
import { whileLockedSync } from './exclusive-file.js';
import { assertCompatible, type CacheStrategy, incompatible, readFormat, writeFormat } from './format.js';
import { type CachePaths, ENDED_PREFIX, ERA_PREFIX, endedPath, eraPaths } from './layout.js';
import { removeTree, SlowRemoval } from './remove-tree.js';
import { assertSafeEra } from './safe-path.js';

/** What the steps to the next era do, each as far as it goes: to the directory, or to a model of one. */
export interface NextEra {
  /** Every era that is found is over: who works in one sees it at the next look at its number. */
  endFound(): void;
  /** Their folders are renamed: paths into them fail from now on. */
  setAside(): void;
  /** A whole era, under a name that nobody knows. */
  build(): void;
  /** `format` names it. */
  publish(): void;
}

/** How the next era is made, under the exclusive lock of `format`. A test may change the list to show what a step is for. */
export const nextEraSteps: (keyof NextEra)[] = ['endFound', 'setAside', 'build', 'publish'];

/** How often a directory that is removed while an era is made in it is made again. */
const MOST_REMOVALS = 10;

export interface ErasOptions {
  readonly strategy: CacheStrategy;
  /** Of folders; files get its read and write bits. */
  readonly mode: number;
  readonly lockTimeoutMs: number;
}

/** The eras of one cache: finds the present one, and makes the next. */
export class Eras {
  readonly #paths: CachePaths;
  readonly #fileSystem: Pick<CacheDirectory, 'copyOnWrite' | 'blockBytes'>;
  readonly #options: ErasOptions;
  readonly #prepare: () => void;
  readonly #removals = new Set<SlowRemoval>();

  /** `prepare` makes the directory again where somebody has removed it. */
  constructor(directory: CacheDirectory, prepare: () => void, options: ErasOptions) {
    this.#paths = directory.paths;
    this.#fileSystem = { copyOnWrite: directory.copyOnWrite, blockBytes: directory.blockBytes };
    this.#prepare = prepare;
    this.#options = options;
  }

  /** The present era, opened. Made where there is none, or where it is damaged. */
  open(): Era {
    return this.#openNamed() ?? this.#underLock(() => this.#openNamed() ?? this.#makeNext());
  }

  /** Ends whatever era there is and opens a new, empty one. The old entries are deleted behind. */
  replace(): Era {
    return this.#underLock(() => {
      // Another version's cache, or one with another strategy, may have taken the place of this one.
      this.#openNamed()?.close();
      return this.#makeNext();
    });
  }

  /** Resolves when what this process deletes is deleted. */
  async settled(): Promise<void> {
    const removals = [...this.#removals];
    for (const removal of removals) removal.keepAlive();
    await Promise.all(removals.map((removal) => removal.done));
  }

  #underLock(work: () => Era): Era {
    for (let removals = 0; ; removals += 1) {
      try {
        return whileLockedSync(this.#paths.formatLock, this.#options.lockTimeoutMs, work);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT' || removals >= MOST_REMOVALS) throw error;
        this.#prepare();
      }
    }
  }

  #openNamed(): Era | undefined {
    const format = readFormat(this.#paths);
    if (format === undefined) return undefined;
    assertCompatible(format, this.#options.strategy, this.#paths);
    const folder = `${this.#paths.version}/${format.era}`;
    assertSafeEra(this.#paths, eraPaths(folder), this.#options.mode);
    const era = openEra(folder, format.number);
    if (era !== 'unknown layout') return era;
    throw incompatible(this.#paths, 'has been opened by a newer version of holdfast. Use that, or another directory.');
  }

  /** Where there is no space for the next era, the ended ones are deleted first; else behind. */
  #makeNext(): Era {
    let era: Era;
    try {
      era = this.#tryToMakeNext();
    } catch (error) {
      if (errorCode(error) !== 'ENOSPC') throw error;
      for (const name of this.#names(ENDED_PREFIX)) removeTree(`${this.#paths.version}/${name}`);
      era = this.#tryToMakeNext();
    }
    this.deleteEnded();
    return era;
  }

  /** Deletes eras that have ended, in slices: those of this process and those that others left. */
  deleteEnded(): void {
    for (const name of this.#names(ENDED_PREFIX)) {
      const removal = new SlowRemoval(`${this.#paths.version}/${name}`);
      this.#removals.add(removal);
      void removal.done.then(() => this.#removals.delete(removal));
    }
  }

  #tryToMakeNext(): Era {
    const { version } = this.#paths;
    const { strategy, mode } = this.#options;
    const name = `${ERA_PREFIX}${randomBytes(8).toString('hex')}`;
    const folder = `${version}/${name}`;
    const number = newEraNumber();
    let era: Era | undefined;
    const next: NextEra = {
      endFound: () => {
        for (const found of this.#names(ERA_PREFIX)) endEraIn(`${version}/${found}`);
      },
      setAside: () => {
        for (const found of this.#names(ERA_PREFIX)) {
          syscalls.rename(`${version}/${found}`, endedPath(this.#paths));
        }
      },
      build: () => {
        era = buildEra(folder, number, { mode, ...this.#fileSystem });
      },
      publish: () => writeFormat(this.#paths, { strategy, era: name, number }, mode),
    };
    try {
      for (const step of nextEraSteps) next[step]();
      if (era === undefined) throw new Error('No step has built an era.');
      return era;
    } catch (error) {
      era?.close();
      quietly(() => removeTree(folder));
      throw error;
    }
  }

  #names(prefix: string): string[] {
    return syscalls.readdir(this.#paths.version).filter((name) => name.startsWith(prefix));
  }
}
