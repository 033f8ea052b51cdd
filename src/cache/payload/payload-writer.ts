import { Turns } from '../../os/turns.js';
import { BlockChecksums } from '../format/index.js';
import { StagedWriter } from './staged-writer.js';

/** The table behind a payload, and the checksum for its header. */
export interface WrittenPayload {
  readonly tableLength: number;
  readonly payloadChecksum: number;
}

/**
 * Writes a payload of any length and its checksums to a file, through the thread pool. Each piece is copied and its
 * checksum is made. When a slice is over, other work gets a turn of the event loop. The memory in use does not grow
 * with the payload.
 */
export class PayloadWriter {
  readonly #writer: StagedWriter;
  readonly #checksums = new BlockChecksums();
  readonly #turns = new Turns();
  #length = 0;

  /**
   * `position`: where the payload begins in the file; `pieceLength`: how much of it is written with one call, in bytes.
   */
  constructor(fd: number, position: number, pieceLength: number) {
    this.#writer = new StagedWriter(fd, position, pieceLength);
  }

  /** Bytes of payload so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Copies the bytes; they are no longer needed when the promise resolves. One call at a time. Rejects if a former
   * write has failed.
   */
  async append(bytes: Buffer): Promise<void> {
    this.#length += bytes.length;
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + this.#writer.room);
      // In one turn of the event loop, so that the bytes cannot change between the checksum and the copy.
      this.#checksums.add(part);
      await this.#writer.append(part);
      from += part.length;
      const pause = this.#turns.pause();
      if (pause !== undefined) await pause;
    }
  }

  /** Writes the table. Resolves when everything is in the file, and rejects if a write has failed. */
  async finish(): Promise<WrittenPayload> {
    const { table, payloadChecksum } = this.#checksums.finish();
    await this.#writer.append(table);
    await this.#writer.finish();
    return { tableLength: table.length, payloadChecksum };
  }

  /** Resolves when no write is under way, also after a failure. */
  settled(): Promise<void> {
    return this.#writer.settled();
  }
}
