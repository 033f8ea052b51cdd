import { writeFullyAsync } from '../../os/transfer.js';

/**
 * Writes bytes that come in pieces of any length into a file, from a position on, through the thread pool: while one buffer is being
 * written the next is filled. So a call of the pool is worth its while, the buffers are always the same, and the one who gives the
 * pieces gets them back at once.
 */
export class StagedWriter {
  readonly #fd: number;
  readonly #length: number;
  #position: number;
  #filling: Buffer | undefined;
  #filled = 0;
  /** Those of the two that are neither being filled nor being written. */
  readonly #free: Buffer[] = [];
  #writing: Promise<void> = Promise.resolve();

  /** `length`: of each of the two buffers, in bytes. */
  constructor(fd: number, position: number, length: number) {
    this.#fd = fd;
    this.#position = position;
    this.#length = length;
  }

  /** How many bytes, at least one, `append` copies at once, before it waits for anything. */
  get room(): number {
    return this.#length - this.#filled;
  }

  /** Takes a copy of the bytes. Rejects where a write before has failed. */
  async append(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      this.#filling ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#length);
      // Not Buffer.copy: Node 22 and 24 copy zeros from beyond 4 GiB.
      const count = Math.min(bytes.length - from, this.#length - this.#filled);
      this.#filling.set(bytes.subarray(from, from + count), this.#filled);
      this.#filled += count;
      from += count;
      if (this.#filled === this.#length) await this.#write(this.#filling);
    }
  }

  /** Resolves when everything is in the file; rejects where a write has failed. */
  async finish(): Promise<void> {
    if (this.#filling !== undefined && this.#filled > 0) await this.#write(this.#filling);
    await this.#writing;
  }

  /** Resolves when nothing is on its way any more, whatever came of it. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  async #write(buffer: Buffer): Promise<void> {
    await this.#writing;
    const bytes = buffer.subarray(0, this.#filled);
    this.#writing = writeFullyAsync(this.#fd, bytes, this.#position).then(() => {
      this.#free.push(buffer);
    });
    // Who comes next is told of a failure.
    this.#writing.catch(() => {});
    this.#position += this.#filled;
    this.#filled = 0;
    this.#filling = undefined;
  }
}
