import { crc32 } from 'node:zlib';
import { readFullyAsync } from '../../os/transfer.js';
import { BLOCK_LENGTH, type Decoded, type DecodedHeader, tableLength } from '../format/index.js';
import { TABLE_PIECE } from './payload-table.js';

/** How a payload is read. */
export interface PayloadReading {
  /** Bytes of each piece: a multiple of the block length. */
  readonly pieceLength: number;
  /** Returns the memory for a piece that begins at this offset. */
  readonly allocate: (length: number, offset: number) => Buffer;
}

interface Piece {
  readonly bytes: Buffer;
  readonly offset: number;
  /** How many bytes were read. */
  readonly count: Promise<number>;
}

/**
 * Reads the payload of an open entry through the thread pool, from its beginning. Every block is checked before it is
 * returned. While one piece is checked and used, the next one is read. The memory in use does not grow with the entry.
 * So a false length in a header allocates nothing: a file can be long and hold nothing.
 */
export class PayloadReader {
  readonly #fd: number;
  readonly #header: DecodedHeader;
  readonly #reading: PayloadReading;
  /** A piece of the table, and where in the table it begins. */
  #tablePiece = Buffer.alloc(0);
  #tablePieceAt = 0;
  #ahead: Piece | undefined;
  #asked = 0;
  #given = 0;

  private constructor(fd: number, header: DecodedHeader, reading: PayloadReading) {
    this.#fd = fd;
    this.#header = header;
    this.#reading = reading;
  }

  /** Checks the table of checksums. The caller closes its descriptor after `settled`. */
  static async open(fd: number, header: DecodedHeader, reading: PayloadReading): Promise<Decoded<PayloadReader>> {
    const reader = new PayloadReader(fd, header, reading);
    return (await reader.#tableHolds()) ? { ok: true, value: reader } : { ok: false, damage: 'payload checksum' };
  }

  /** Bytes of payload that have not been returned yet. */
  get left(): number {
    return this.#header.payloadLength - this.#given;
  }

  /** Reads the next piece. To be called only if bytes are left, and not while a call is under way. */
  async next(): Promise<Decoded<Buffer>> {
    const { bytes, offset, count } = this.#ahead ?? this.#ask();
    this.#ahead = undefined;
    if ((await count) < bytes.length) return { ok: false, damage: 'payload cut short' };
    if (this.#asked < this.#header.payloadLength) this.#ahead = this.#ask();
    for (let from = 0; from < bytes.length; from += BLOCK_LENGTH) {
      const expected = await this.#checksumOf((offset + from) / BLOCK_LENGTH);
      const isWhole = crc32(bytes.subarray(from, from + BLOCK_LENGTH)) === expected;
      if (!isWhole) return { ok: false, damage: 'payload checksum' };
    }
    this.#given = offset + bytes.length;
    return { ok: true, value: bytes };
  }

  /** Resolves when no read is under way, also after a failure. */
  async settled(): Promise<void> {
    await this.#ahead?.count.catch(() => {});
  }

  #ask(): Piece {
    const offset = this.#asked;
    const length = Math.min(this.#reading.pieceLength, this.#header.payloadLength - offset);
    const bytes = this.#reading.allocate(length, offset);
    const count = readFullyAsync(this.#fd, bytes, this.#header.payloadOffset + offset);
    // `next` reports a failure. It may never be called.
    count.catch(() => {});
    this.#asked += length;
    return { bytes, offset, count };
  }

  /**
   * A table of several pieces is read to its end only if it fits the first block: that finds a long file that holds
   * nothing.
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

  /** No promise if the checksum is in memory, which is nearly always so. */
  #checksumOf(block: number): number | undefined | Promise<number | undefined> {
    if (tableLength(this.#header.payloadLength) === 0) return this.#header.payloadChecksum;
    const offset = block * 4 - this.#tablePieceAt;
    if (offset >= 0 && offset < this.#tablePiece.length) return this.#tablePiece.readUInt32LE(offset);
    return this.#loadPiece(Math.floor((block * 4) / TABLE_PIECE) * TABLE_PIECE).then((piece) => {
      const within = block * 4 - this.#tablePieceAt;
      // The file was cut meanwhile. Then there is no checksum, and no block matches.
      return within + 4 <= piece.length ? piece.readUInt32LE(within) : undefined;
    });
  }

  async #loadPiece(at: number): Promise<Buffer> {
    const { payloadOffset, payloadLength } = this.#header;
    const piece = Buffer.allocUnsafe(Math.min(TABLE_PIECE, tableLength(payloadLength) - at));
    const count = await readFullyAsync(this.#fd, piece, payloadOffset + payloadLength + at);
    this.#tablePiece = piece.subarray(0, count - (count % 4));
    this.#tablePieceAt = at;
    return this.#tablePiece;
  }
}
