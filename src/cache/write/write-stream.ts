import { Writable } from 'node:stream';
import { type CacheCore, type ResolvedSetOptions, resolveSetOptions, type SetOptions } from '../core/index.js';
import { type Era, EraEnded } from '../era/index.js';
import type { Evictor } from '../eviction/index.js';
import type { EntryHeader, Place } from '../format/index.js';
import { closedError, inPresentEra } from '../sections/index.js';
import { type Stamps, stampTags } from '../shared/index.js';
import type { Staged } from '../storage/index.js';
import { newHeader } from './encode.js';
import { placeToWrite } from './own-write.js';

/** Bytes of one write: so many that the time to wake the thread pool does not count. */
const PIECE = 256 * 1024;
/** The stream asks its source to wait when so many bytes are queued. */
const HIGH_WATER_MARK = 64 * 1024;

type Callback = (error?: Error | null) => void;

/** The entries that one cache is writing as streams. */
export class WriteStreams {
  readonly #core: CacheCore;
  readonly #evictor: Evictor;
  readonly #open = new Set<Writable>();

  constructor(core: CacheCore, evictor: Evictor) {
    this.#core = core;
    this.#evictor = evictor;
  }

  /**
   * A stream whose bytes become the value of a key when it finishes. That is one atomic step, and does not happen if
   * the stream fails or is destroyed. The bytes are stored as they are, with the codec `bytes`. The thread pool writes
   * them to a temporary file.
   *
   * A `set` or `delete` meanwhile changes nothing: the last commit wins. If the cache is cleared or its directory
   * removed meanwhile, the stream finishes, but its value is lost, as if it had been stored just before. The stream
   * fails with `ERR_VALUE_TOO_LARGE` as soon as it has more bytes than `maxBytes` allows, and with `ERR_CACHE_CLOSED`
   * if the cache is closed before `end` was called. Invalid arguments throw at once. So does a call inside an `update`
   * of the key, with `ERR_LOCK_CONFLICT`.
   */
  create(key: unknown, options: SetOptions): Writable {
    const place = placeToWrite(this.#core, key);
    const resolved = resolveSetOptions(options);
    const stream = new EntryWriter(this.#core, this.#evictor, place, resolved);
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    return stream;
  }

  /** Destroys the streams that have not ended, and waits for the others. */
  async close(): Promise<void> {
    while (this.#open.size > 0) {
      const closing = [...this.#open].map((stream) => new Promise<void>((resolve) => stream.once('close', resolve)));
      for (const stream of this.#open) {
        if (!stream.writableEnded) stream.destroy(closedError(this.#core.directory));
      }
      await Promise.all(closing);
    }
  }
}

/** An entry being written, and its tags with their generations at the beginning. */
interface Begun {
  readonly staged: Staged;
  readonly stamps: Stamps<Era>;
}

class EntryWriter extends Writable {
  readonly #core: CacheCore;
  readonly #evictor: Evictor;
  readonly #place: Place;
  readonly #options: ResolvedSetOptions;
  #begun: Begun | undefined;
  #failure: Error | undefined;
  #working: Promise<void> | undefined;

  constructor(core: CacheCore, evictor: Evictor, place: Place, options: ResolvedSetOptions) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#core = core;
    this.#evictor = evictor;
    this.#place = place;
    this.#options = options;
    try {
      // At once, not in `_construct`: a tag that is invalidated from now on makes this entry a miss.
      const era = core.sections.tryEra();
      if (era !== undefined) this.#begin(era);
    } catch (error) {
      if (!(error instanceof EraEnded)) this.#failure = error as Error;
    }
  }

  /**
   * Reports the failure here, not with `destroy` in the constructor: pipeline() of Node 26 misses the error of a stream
   * that is destroyed already.
   */
  override _construct(callback: Callback): void {
    if (this.#failure !== undefined || this.#begun !== undefined) {
      callback(this.#failure);
      return;
    }
    // There is no era now, and so there are no generations to miss.
    const begun = inPresentEra(this.#core, async (era) => this.#begin(era));
    begun.then(() => callback(), callback);
  }

  #begin(era: Era): void {
    const stamps = stampTags(era, this.#options.tags);
    this.#begun = { stamps, staged: this.#core.storage.stage(era, this.#place, this.#header(stamps)) };
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#work(() => this.#append(chunk), callback);
  }

  override _final(callback: Callback): void {
    this.#work(() => this.#core.whileOpen(this.#finish()), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    void this.#close().then(() => callback(error));
  }

  /** Runs one piece of work. The stream asks for the next one after the callback. */
  #work(work: () => Promise<void>, callback: Callback): void {
    const result = work();
    const settled = () => {
      this.#working = undefined;
    };
    this.#working = result.then(settled, settled);
    result.then(() => callback(), callback);
  }

  async #append(bytes: Buffer): Promise<void> {
    const { staged } = this.#open;
    this.#evictor.assertFits(staged.lengthWith(bytes.length));
    for (let from = 0; from < bytes.length; from += PIECE) {
      // The entry is lost already. No process will read it.
      if (staged.era.ended || this.destroyed) return;
      await staged.append(bytes.subarray(from, from + PIECE));
    }
  }

  /** The times count from now, when the value is complete. The tags keep their generations of the beginning. */
  async #finish(): Promise<void> {
    const { staged, stamps } = this.#open;
    try {
      await staged.commit(
        () => this.#header(stamps),
        () => !this.destroyed,
      );
    } catch (error) {
      // The cache was cleared meanwhile, and this entry with it.
      if (!(error instanceof EraEnded)) throw error;
    }
    await this.#evictor.afterWrite(this.#place, staged.lengthWith(0));
  }

  async #close(): Promise<void> {
    await this.#working;
    await this.#begun?.staged.end();
  }

  #header(stamps: Stamps<Era>): Omit<EntryHeader, 'payloadLength'> {
    const { ttl, staleMs } = this.#options;
    return { ...newHeader(this.#core, this.#place, { ttl, staleMs, stamps }), codec: 'bytes', rewritable: false };
  }

  get #open(): Begun {
    if (this.#begun === undefined) throw new Error('the stream has not begun');
    return this.#begun;
  }
}
