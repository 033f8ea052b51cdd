import { Turns } from '../../os/turns.js';
import { BlockChecksums } from '../format/index.js';
import { StagedWriter } from './staged-writer.js';

/** What stands behind a payload, and what its header says of it. */
export interface WrittenPayload {
  readonly tableLength: number;
  readonly payloadChecksum: number;
}

/**
 * Writes a payload of any length into a file, with its checksums, through the thread pool: a piece is copied, its
 * checksum is made, and the next turn of the event loop is others' when a slice is over. What it keeps in memory does
 * not grow with the payload.
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
   * Takes a copy of the bytes, the last of it when the promise resolves. One after the other. Rejects where a write
   * before has failed.
   */
  async append(bytes: Buffer): Promise<void> {
    this.#length += bytes.length;
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + this.#writer.room);
      // In one turn: what is written is what was checked, whatever becomes of the given bytes meanwhile.
      this.#checksums.add(part);
      await this.#writer.append(part);
      from += part.length;
      const pause = this.#turns.pause();
      if (pause !== undefined) await pause;
    }
  }

  /** Writes the table; resolves when everything is in the file, and rejects where a write has failed. */
  async finish(): Promise<WrittenPayload> {
    const { table, payloadChecksum } = this.#checksums.finish();
    await this.#writer.append(table);
    await this.#writer.finish();
    return { tableLength: table.length, payloadChecksum };
  }

  /** Resolves when nothing is on its way any more, whatever came of it. */
  settled(): Promise<void> {
    return this.#writer.settled();
  }
}
