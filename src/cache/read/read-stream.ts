import { Readable } from 'node:stream';
import { HoldfastError } from '../../errors.js';
import type { CacheCore } from '../core/index.js';
import { BLOCK_LENGTH, type Damage } from '../format/index.js';
import { PayloadReader } from '../payload/index.js';
import type { OpenEntry } from '../storage/index.js';
import { openFresh } from './open-entry.js';

/** Bytes of one read: so many that the time to wake the thread pool does not count. */
const PIECE = 4 * BLOCK_LENGTH;

/**
 * The encoded value of a key as a stream, or `undefined` where there is none. Every block is checked before it is
 * delivered. Damage that is found before the first block is a miss; later it is `ERR_ENTRY_DAMAGED` on the stream. The
 * stream reads the version that existed when this was called, whatever happens to the entry, the cache or its directory
 * meanwhile.
 *
 * A stream that is neither read to its end nor destroyed keeps its file open. It outlives `close()` of the cache.
 */
export async function readStream(core: CacheCore, key: unknown): Promise<Readable | undefined> {
  const place = core.place(key);
  const opened = await openFresh(core, place);
  if (opened === undefined) return undefined;
  if (opened.kind === 'entry') return new EntryStream(opened.entry.payload);
  const path = core.storage.pathOf(place);
  const noteDamage = (damage: Damage) => core.noteDamage(place, damage, path);
  const begun = await core.whileOpen(beginReading(opened));
  if (typeof begun !== 'string') {
    return new EntryStream(begun.first, { ...begun, close: opened.close, path, noteDamage });
  }
  noteDamage(begun);
  return undefined;
}

/** Reads the first piece, and returns the reader of the rest with it. If that fails, the file is closed. */
async function beginReading({ fd, header, close }: OpenEntry): Promise<Begun | Damage> {
  const reading = { pieceLength: PIECE, allocate: (length: number) => Buffer.allocUnsafeSlow(length) };
  let reader: PayloadReader | undefined;
  let begun: Begun | undefined;
  try {
    const opened = await PayloadReader.open(fd, header, reading);
    if (!opened.ok) return opened.damage;
    reader = opened.value;
    const first = await reader.next();
    if (!first.ok) return first.damage;
    begun = { first: first.value, reader };
    return begun;
  } finally {
    if (begun === undefined) {
      await reader?.settled();
      close();
    }
  }
}

interface Begun {
  readonly first: Buffer;
  readonly reader: PayloadReader;
}

/** What follows the first piece. */
interface Rest {
  readonly reader: PayloadReader;
  readonly close: () => void;
  readonly path: string;
  readonly noteDamage: (damage: Damage) => void;
}

class EntryStream extends Readable {
  #first: Buffer | undefined;
  #rest: Rest | undefined;
  #reading: Promise<unknown> | undefined;

  constructor(first: Buffer, rest?: Rest) {
    super({ highWaterMark: PIECE });
    this.#first = first;
    this.#rest = rest;
    if (rest?.reader.left === 0) this.#close();
  }

  override _read(): void {
    if (this.#first !== undefined) {
      const first = this.#first;
      this.#first = undefined;
      if (first.length > 0) this.push(first);
      if (this.#rest === undefined) this.push(null);
      return;
    }
    if (this.#rest === undefined) {
      this.push(null);
      return;
    }
    const reading = this.#next(this.#rest)
      .catch((error: unknown) => {
        this.destroy(error as Error);
      })
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
  }

  async #next({ reader, path, noteDamage }: Rest): Promise<void> {
    const piece = await reader.next();
    if (this.destroyed) return;
    if (!piece.ok) {
      noteDamage(piece.damage);
      const message = `The entry was found to be damaged (${piece.damage}) after a part of it had been delivered.`;
      throw new HoldfastError('ERR_ENTRY_DAMAGED', message, { path });
    }
    this.push(piece.value);
    if (reader.left === 0) this.push(null);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    void this.#settled().then(() => {
      this.#close();
      callback(error);
    });
  }

  /** Waits for a read under way before the descriptor is closed: its number may soon belong to another file. */
  async #settled(): Promise<void> {
    await this.#reading;
    await this.#rest?.reader.settled();
  }

  #close(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    rest?.close();
  }
}
