import { writeFullyAsync } from '../../os/transfer.js';
import { Temporary } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { type EntryHeader, encodeHeader, entryLength, type Place } from '../format/index.js';
import { PayloadWriter } from '../payload/index.js';
import type { Committed, Condition, Staged, StorageContext } from '../storage/index.js';
import type { FileWrites } from './file-writes.js';

/** Bytes of one write: so many that the time to wake the thread pool does not count. */
const PIECE = 256 * 1024;

/**
 * A temporary that is written piece by piece: the payload first, then its checksums, and last the header, in the space
 * left for it.
 */
export class StagedFile implements Staged {
  readonly era: Era;
  readonly #writes: FileWrites;
  readonly #place: Place;
  readonly #temporary: Temporary;
  readonly #writer: PayloadWriter;
  readonly #payloadOffset: number;

  constructor(
    { fileMode }: StorageContext,
    writes: FileWrites,
    era: Era,
    place: Place,
    header: Omit<EntryHeader, 'payloadLength'>,
  ) {
    this.era = era;
    this.#writes = writes;
    this.#place = place;
    this.#payloadOffset = encodeHeader({ ...header, payloadLength: 0 }, 0).length;
    this.#temporary = Temporary.make(era, place.shard, fileMode);
    this.#writer = new PayloadWriter(this.#temporary.fd, this.#payloadOffset, PIECE);
  }

  lengthWith(moreBytes: number): number {
    const payloadLength = this.#writer.length + moreBytes;
    return entryLength({ payloadOffset: this.#payloadOffset, payloadLength });
  }

  append(bytes: Buffer): Promise<void> {
    return this.#writer.append(bytes);
  }

  async commit(makeHeader: () => Omit<EntryHeader, 'payloadLength'>, condition?: Condition): Promise<Committed> {
    const { payloadChecksum } = await this.#writer.finish();
    const header = makeHeader();
    const bytes = encodeHeader({ ...header, payloadLength: this.#writer.length }, payloadChecksum);
    await writeFullyAsync(this.#temporary.fd, bytes, 0);
    const size = { length: this.lengthWith(0), staleUntil: header.staleUntil };
    return this.#writes.publish(this.#place, this.#temporary, size, condition);
  }

  /** Waits for a write under way before the descriptor is closed: its number may soon belong to another file. */
  async end(): Promise<void> {
    await this.#writer.settled();
    this.#temporary.close();
  }
}
