import { crc32 } from 'node:zlib';
import { BLOCK_LENGTH } from './entry.js';

/** Computes the checksums of a payload that comes in pieces of any length. */
export class BlockChecksums {
  readonly #finished: number[] = [];
  #current = 0;
  #filled = 0;

  add(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + BLOCK_LENGTH - this.#filled);
      this.#current = crc32(part, this.#current);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled === BLOCK_LENGTH) this.#next();
    }
  }

  /**
   * The table that follows the payload, and the checksum that goes into the header. The table of a single block is
   * empty.
   */
  finish(): { readonly table: Buffer; readonly payloadChecksum: number } {
    if (this.#filled > 0) this.#next();
    const [only = 0] = this.#finished;
    if (this.#finished.length <= 1) return { table: Buffer.alloc(0), payloadChecksum: only };
    const table = Buffer.alloc(4 * this.#finished.length);
    for (const [index, checksum] of this.#finished.entries()) table.writeUInt32LE(checksum, 4 * index);
    return { table, payloadChecksum: crc32(table) };
  }

  #next(): void {
    this.#finished.push(this.#current);
    this.#current = 0;
    this.#filled = 0;
  }
}
