/** Reads the bytes of a log into `target`, from `offset` on. Returns how many bytes it has read; 0 at the end. */
export interface ByteSource {
  read(target: Uint8Array, offset: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** Longer lines are cut, and their rest counts as garbage, so that memory stays bounded. */
export const SMALLEST_BUFFER = 64 * 1024;
export const LARGEST_BUFFER = 1024 * 1024;

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * Reads a log line by line, without making strings: a line is a range of `bytes`, valid until the next `fill()`. The
 * buffer is used again, so memory does not depend on the length of the log.
 */
export class LogCursor {
  readonly name: string;
  /** The range of the line that `next()` found, without its line break. */
  start = 0;
  end = 0;
  /** Number of that line, from 1. */
  line = 0;
  /** How many bytes were read from the source. */
  bytesRead = 0;
  /** How many lines were too long. */
  cut = 0;
  readonly bytes: Buffer;
  readonly #source: ByteSource;
  #position = 0;
  #limit = 0;
  #ended = false;
  #skipping = false;

  constructor(name: string, source: ByteSource, bufferLength = LARGEST_BUFFER) {
    this.name = name;
    this.#source = source;
    this.bytes = Buffer.allocUnsafeSlow(bufferLength);
  }

  /** Goes on to the next line that is in memory. False: `fill()` first. */
  next(): boolean {
    while (this.#position < this.#limit) {
      const found = this.bytes.indexOf(NEWLINE, this.#position);
      const complete = found !== -1 && found < this.#limit;
      if (!complete && !this.#ended) return false;
      const end = complete ? found : this.#limit;
      const start = this.#position;
      this.#position = end + 1;
      if (this.#skipping) {
        this.#skipping = false;
        continue;
      }
      this.#set(start, end);
      return true;
    }
    return false;
  }

  /** Reads more bytes. False at the end of the log: then `next()` gives the rest, if there is one. */
  async fill(): Promise<boolean> {
    if (this.#ended) return false;
    this.#makeRoom();
    const count = await this.#source.read(this.bytes, this.#limit, this.bytes.length - this.#limit);
    if (count === 0) this.#ended = true;
    this.#limit += count;
    this.bytesRead += count;
    return count > 0;
  }

  get ended(): boolean {
    return this.#ended && this.#position >= this.#limit;
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  #set(start: number, end: number): void {
    this.line += 1;
    this.start = start;
    this.end = end > start && this.bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  }

  /** Moves an incomplete line to the beginning of the buffer. A line that fills the buffer is dropped. */
  #makeRoom(): void {
    if (this.#skipping || (this.#position === 0 && this.#limit === this.bytes.length)) {
      if (!this.#skipping) {
        this.line += 1;
        this.cut += 1;
      }
      this.#skipping = true;
      this.#position = 0;
      this.#limit = 0;
      return;
    }
    this.bytes.copy(this.bytes, 0, this.#position, this.#limit);
    this.#limit -= this.#position;
    this.#position = 0;
  }
}
