import { writeFullyAsync } from '../../os/transfer.js';

/**
 * Writes pieces of any length to a file, from a position on, through the thread pool. While one buffer is written, the
 * other is filled. So each call of the pool writes much, no buffers are allocated on the way, and the caller may use
 * its pieces again at once.
 */
export class StagedWriter {
  readonly #fd: number;
  readonly #length: number;
  #position: number;
  #filling: Buffer | undefined;
  #filled = 0;
  /** The buffers that are neither being filled nor being written. */
  readonly #free: Buffer[] = [];
  #writing: Promise<void> = Promise.resolve();

  /** `length`: bytes of each of the two buffers. */
  constructor(fd: number, position: number, length: number) {
    this.#fd = fd;
    this.#position = position;
    this.#length = length;
  }

  /** How many bytes `append` copies before it waits: at least one. */
  get room(): number {
    return this.#length - this.#filled;
  }

  /** Copies the bytes. Rejects if a former write has failed. */
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

  /** Resolves when everything is in the file; rejects if a write has failed. */
  async finish(): Promise<void> {
    if (this.#filling !== undefined && this.#filled > 0) await this.#write(this.#filling);
    await this.#writing;
  }

  /** Resolves when no write is under way, also after a failure. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  async #write(buffer: Buffer): Promise<void> {
    await this.#writing;
    const bytes = buffer.subarray(0, this.#filled);
    this.#writing = writeFullyAsync(this.#fd, bytes, this.#position).then(() => {
      this.#free.push(buffer);
    });
    // The next call reports a failure.
    this.#writing.catch(() => {});
    this.#position += this.#filled;
    this.#filled = 0;
    this.#filling = undefined;
  }
}
