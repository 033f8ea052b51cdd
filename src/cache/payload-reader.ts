import { crc32 } from 'node:zlib';
import { syscalls } from '../os/syscalls.js';
import { BLOCK_LENGTH, type Damage, type Decoded, type DecodedHeader, tableLength } from './entry.js';
import { TABLE_PIECE } from './payload-table.js';

/**
 * Reads the payload of an open entry through the thread pool, from its beginning on, and checks every block before it is given out.
 * What it keeps in memory does not grow with the entry, so nothing is allocated by what a header claims: a file can be long and hold nothing.
 */
export class PayloadReader {
  readonly #fd: number;
  readonly #header: DecodedHeader;
  /** A piece of the table, and where in the table it begins. */
  #piece = Buffer.alloc(0);
  #pieceAt = 0;
  #position = 0;

  private constructor(fd: number, header: DecodedHeader) {
    this.#fd = fd;
    this.#header = header;
  }

  /** Checks the table of checksums. The descriptor remains the caller's. */
  static async open(fd: number, header: DecodedHeader): Promise<Decoded<PayloadReader>> {
    const reader = new PayloadReader(fd, header);
    return (await reader.#tableHolds()) ? { ok: true, value: reader } : { ok: false, damage: 'payload checksum' };
  }

  /** Bytes of payload that have not been read. */
  get left(): number {
    return this.#header.payloadLength - this.#position;
  }

  /** Fills `bytes` with what follows: whole blocks, or all that is left. Gives what is wrong with it. */
  async fill(bytes: Buffer): Promise<Damage | undefined> {
    const count = await readFullyAsync(this.#fd, bytes, this.#header.payloadOffset + this.#position);
    if (count < bytes.length) return 'payload cut short';
    for (let from = 0; from < bytes.length; from += BLOCK_LENGTH) {
      const expected = await this.#checksumOf((this.#position + from) / BLOCK_LENGTH);
      if (crc32(bytes.subarray(from, from + BLOCK_LENGTH)) !== expected) return 'payload checksum';
    }
    this.#position += bytes.length;
    return undefined;
  }

  /**
   * A table of several pieces is read to its end only if the first block is what the table says: a long file with nothing in it is
   * found out by its first block.
   */
  async #tableHolds(): Promise<boolean> {
    const { payloadLength, payloadChecksum } = this.#header;
    const length = tableLength(payloadLength);
    if (length === 0) return payloadLength > 0 || payloadChecksum === 0;
    if (length > TABLE_PIECE && (await this.#firstBlockIsWrong())) return false;
    let checksum = 0;
    for (let at = 0; at < length; at += TABLE_PIECE) checksum = crc32(await this.#loadPiece(at), checksum);
    return checksum === payloadChecksum;
  }

  async #firstBlockIsWrong(): Promise<boolean> {
    const block = Buffer.allocUnsafe(BLOCK_LENGTH);
    const count = await readFullyAsync(this.#fd, block, this.#header.payloadOffset);
    return crc32(block.subarray(0, count)) !== (await this.#checksumOf(0));
  }

  /** No promise where it is at hand, which is nearly always. */
  #checksumOf(block: number): number | undefined | Promise<number | undefined> {
    if (tableLength(this.#header.payloadLength) === 0) return this.#header.payloadChecksum;
    const offset = block * 4 - this.#pieceAt;
    if (offset >= 0 && offset < this.#piece.length) return this.#piece.readUInt32LE(offset);
    return this.#loadPiece(Math.floor((block * 4) / TABLE_PIECE) * TABLE_PIECE).then((piece) => {
      const within = block * 4 - this.#pieceAt;
      // A file that has been cut shorter meanwhile: no checksum, which no block has.
      return within + 4 <= piece.length ? piece.readUInt32LE(within) : undefined;
    });
  }

  async #loadPiece(at: number): Promise<Buffer> {
    const { payloadOffset, payloadLength } = this.#header;
    const piece = Buffer.allocUnsafe(Math.min(TABLE_PIECE, tableLength(payloadLength) - at));
    const count = await readFullyAsync(this.#fd, piece, payloadOffset + payloadLength + at);
    this.#piece = piece.subarray(0, count - (count % 4));
    this.#pieceAt = at;
    return this.#piece;
  }
}

/** Fills `bytes` through the thread pool with what the file has at `position`, as far as it reaches; gives how much that was. */
export async function readFullyAsync(fd: number, bytes: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const count = await syscalls.readAsync(fd, bytes, done, bytes.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
