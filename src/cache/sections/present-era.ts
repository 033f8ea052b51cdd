import { errorCode, HoldfastError } from '../../errors.js';
import type { Eras } from '../era/index.js';
import { type Era, EraEnded } from '../era/index.js';
import { MOST_ERAS } from './starting-over.js';

export interface PresentEraOptions {
  readonly lockTimeoutMs: number;
  readonly directory: string;
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  /** Called with each new present era, before the former one is closed. */
  readonly onNext: (era: Era) => void;
}

/**
 * The era that one instance works in. When it ends, the instance goes over to the next one: at once if that exists,
 * otherwise it waits for it or makes it. Synchronous functions sleep meanwhile; all others wait without blocking the
 * event loop.
 */
export class PresentEra {
  readonly #eras: Eras;
  readonly #options: PresentEraOptions;
  #era: Era;
  readonly #ending = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  /** The search for the next era, and the replacement of the present one that has not ended it yet. */
  #following: Promise<void> | undefined;
  #replacing: Promise<void> | undefined;
  #closed = false;

  constructor(eras: Eras, options: PresentEraOptions) {
    this.#eras = eras;
    this.#options = options;
    this.#era = eras.openSync();
  }

  /** The era that was opened last. It may have ended. No check is made, and it never throws. */
  get opened(): Era {
    return this.#era;
  }

  /** The present era, as far as this process knows. May sleep on this thread: for synchronous functions. */
  waitSync(): Era {
    return this.tryNow() ?? this.#adopt(this.#eras.openSync());
  }

  /**
   * The present era if it is there; `undefined` where the last one has ended and the next is not published yet. Never
   * waits.
   */
  tryNow(): Era | undefined {
    if (!this.#era.ended) return this.#era;
    this.#assertOpen();
    const found = this.#eras.find();
    return found === undefined ? undefined : this.#adopt(found);
  }

  /** The present era, without sleeping. No promise is made where it is there. `ERR_LOCK_TIMEOUT`. */
  wait(): Era | Promise<Era> {
    return this.tryNow() ?? this.follow(this.#options.clock());
  }

  /**
   * Waits for the next era, or makes it. Calls at the same time share one search. Each waits until `lockTimeout` after
   * it `began`.
   */
  async follow(began: number): Promise<Era> {
    for (let tries = 0; ; tries += 1) {
      this.#assertOpen();
      this.#following ??= this.#search();
      try {
        await this.#following;
      } catch (error) {
        const mayGoOn = errorCode(error) === 'ERR_LOCK_TIMEOUT' && tries < MOST_ERAS;
        if (!mayGoOn || this.#options.clock() - began >= this.#options.lockTimeoutMs) throw error;
      }
      const era = this.tryNow();
      if (era !== undefined) return era;
      if (tries >= MOST_ERAS) throw new EraEnded();
    }
  }

  /**
   * Ends the present era and begins an empty one, without sleeping. A call made while the next era is still being built
   * shares that one: the present era ends after the call, so all that it holds goes.
   */
  replace(): Promise<void> {
    this.#assertOpen();
    if (this.#replacing !== undefined) return this.#replacing;
    let replacing: Promise<void> | undefined;
    const ending = () => {
      if (this.#replacing === replacing) this.#replacing = undefined;
    };
    replacing = this.#track(this.#eras.replace(this.#ending.signal, ending))
      .then((era) => void this.#adopt(era))
      .finally(ending);
    this.#replacing = replacing;
    return replacing;
  }

  /**
   * Checks that the era is still at its path, since no process is notified when the directory is removed or moved away.
   * If it is not, this ends the era for all processes that still have it mapped.
   */
  checkPath(): void {
    try {
      if (!this.#era.ended && !this.#era.stands) this.#era.words.endEra();
    } catch {
      // The next check is a second away.
    }
  }

  /** Rejects all waits, and resolves when they are over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ending.abort(closedError(this.#options.directory));
    await Promise.allSettled(this.#underWay);
    this.#era.close();
  }

  async #search(): Promise<void> {
    try {
      this.#adopt(await this.#track(this.#eras.open(this.#ending.signal)));
    } finally {
      this.#following = undefined;
    }
  }

  /** Makes this the present era, unless another one has become it meanwhile. */
  #adopt(era: Era): Era {
    if (this.#closed) {
      era.close();
      this.#assertOpen();
    }
    if (!this.#era.ended) {
      era.close();
      return this.#era;
    }
    const former = this.#era;
    this.#era = era;
    this.#options.onNext(era);
    former.close();
    return era;
  }

  /** Makes `close` wait for the work. */
  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const forget = () => this.#underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError(this.#options.directory);
  }
}

/** The error of a call on a closed cache. */
export function closedError(directory: string): HoldfastError {
  return new HoldfastError('ERR_CACHE_CLOSED', `The cache at ${directory} has been closed.`, { path: directory });
}
