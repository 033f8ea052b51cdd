/** Work under way that must end before the cache is closed. */
export class UnderWay {
  readonly #works = new Set<Promise<unknown>>();

  /** Returns the result of the work, and removes the work from those waited for before that. */
  async add<T>(work: Promise<T>): Promise<T> {
    this.#works.add(work);
    try {
      return await work;
    } finally {
      this.#works.delete(work);
    }
  }

  /** Resolves when no work is under way, including work that was added meanwhile. */
  async settled(): Promise<void> {
    while (this.#works.size > 0) await Promise.allSettled(this.#works);
  }
}
