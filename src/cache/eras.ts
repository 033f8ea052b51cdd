import { randomBytes } from 'node:crypto';
import { errorCode, quietly } from '../errors.js';
import { syscalls } from '../os/syscalls.js';
import type { CacheDirectory } from './directory.js';
import { buildEra, type Era, endEraIn, newEraNumber, openEra } from './era.js';
import { whileLockedSync } from './exclusive-file.js';
import { assertCompatible, type CacheStrategy, readFormat, writeFormat } from './format.js';
import { type CachePaths, ENDED_PREFIX, ERA_PREFIX, endedPath } from './layout.js';
import { removeTree, SlowRemoval } from './remove-tree.js';

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
  readonly #copyOnWrite: boolean;
  readonly #options: ErasOptions;
  readonly #prepare: () => void;
  readonly #removals = new Set<SlowRemoval>();

  /** `prepare` makes the directory again where somebody has removed it. */
  constructor(directory: CacheDirectory, prepare: () => void, options: ErasOptions) {
    this.#paths = directory.paths;
    this.#copyOnWrite = directory.copyOnWrite;
    this.#prepare = prepare;
    this.#options = options;
  }

  /** The present era, opened. Made where there is none, or where it is damaged. */
  open(): Era {
    return this.#openNamed() ?? this.#underLock(() => this.#openNamed() ?? this.#makeNext());
  }

  /** Ends whatever era there is and opens a new, empty one. The old entries are deleted behind. */
  replace(): Era {
    return this.#underLock(() => this.#makeNext());
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
    return openEra(`${this.#paths.version}/${format.era}`, format.number);
  }

  /**
   * 1. End every era that is found: who works in one sees it at the next look at its number.
   * 2. Rename their folders aside: paths into them now fail.
   * 3. Build a new era, whole, under a name that nobody knows. 4. Publish the name. 5. Delete the old ones.
   */
  #makeNext(): Era {
    const { version } = this.#paths;
    for (const name of this.#names(ERA_PREFIX)) {
      endEraIn(`${version}/${name}`);
      syscalls.rename(`${version}/${name}`, endedPath(this.#paths));
    }
    const era = this.#buildAndPublish();
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

  #buildAndPublish(): Era {
    try {
      return this.#tryBuildAndPublish();
    } catch (error) {
      if (errorCode(error) !== 'ENOSPC') throw error;
    }
    for (const name of this.#names(ENDED_PREFIX)) removeTree(`${this.#paths.version}/${name}`);
    return this.#tryBuildAndPublish();
  }

  #tryBuildAndPublish(): Era {
    const { strategy, mode } = this.#options;
    const name = `${ERA_PREFIX}${randomBytes(8).toString('hex')}`;
    const folder = `${this.#paths.version}/${name}`;
    const number = newEraNumber();
    let era: Era | undefined;
    try {
      era = buildEra(folder, number, { mode, copyOnWrite: this.#copyOnWrite });
      writeFormat(this.#paths, { strategy, era: name, number }, mode);
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
