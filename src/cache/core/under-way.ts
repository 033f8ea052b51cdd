/** Work that has begun and must end before what it works with is closed. */
export class UnderWay {
  readonly #works = new Set<Promise<unknown>>();

  /** Gives what the work gives, when it is no longer among those that are waited for. */
  async add<T>(work: Promise<T>): Promise<T> {
    this.#works.add(work);
    try {
      return await work;
    } finally {
      this.#works.delete(work);
    }
  }

  /** Resolves when nothing is under way, what was added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#works.size > 0) await Promise.allSettled(this.#works);
  }
}
