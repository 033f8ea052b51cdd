import { SHARDS, SLOTS } from '../format/index.js';
import { BUSY, NEXT_EXPIRY, RECOUNT, SPARE, WAITING_UNTIL, WORDS_PER_SHARD } from './shard-words.js';
import { TotalsWords } from './totals-words.js';

/*
 * The file `shared` of an era: words that every process that has the cache open maps. A word has 32 bits in the
 * machine's own byte order, since the file never leaves the machine. It is read and written with Atomics only.
 *
 *     offset      words
 *     0           header        64      era number, layout, boot id, length of a block, growth
 *     256         counters      32 of 64 bits: totals of all processes
 *     4096        shards        256 x 16
 *     20480       epochs        65536
 *     282624      leases        65536
 *     544768      accesses      65536
 *     806912      generations   4096
 *     823296      readers       65536
 */

export const SHARED_LAYOUT = 2;
const COUNTERS_OFFSET = 256;
const COUNTERS = 32;
const SHARDS_OFFSET = 4096;
const EPOCHS_OFFSET = SHARDS_OFFSET + 4 * SHARDS * WORDS_PER_SHARD;
const LEASES_OFFSET = EPOCHS_OFFSET + 4 * SLOTS;
const ACCESSES_OFFSET = LEASES_OFFSET + 4 * SLOTS;
const GENERATIONS_OFFSET = ACCESSES_OFFSET + 4 * SLOTS;
/** Tags share these counters by their hash. Two tags of one counter are invalidated together. */
export const GENERATIONS = 4096;
const READERS_OFFSET = GENERATIONS_OFFSET + 4 * GENERATIONS;
/** Length of the file in bytes. */
export const SHARED_LENGTH = READERS_OFFSET + 4 * SLOTS;

/** Words of the header; the two for growth are in totals-words.ts. */
const ERA = 0;
const LAYOUT = 1;
const BOOT = 2;
const BOOT_WORDS = 4;
const BLOCK_BYTES = 6;

/** In every layout the first two words are the era's number and the layout. */
export const BEGINNING_LENGTH = 8;
/** Layouts are numbered from 1. A larger number is damage. */
const MOST_LAYOUTS = 0xffff;

/** Whether these are the first bytes of an era with this number, in the layout of another version. */
export function isOfUnknownLayout(beginning: Buffer, number: number): boolean {
  const words = new Int32Array(beginning.buffer.slice(beginning.byteOffset, beginning.byteOffset + BEGINNING_LENGTH));
  const layout = words[LAYOUT] ?? 0;
  return (words[ERA] ?? 0) >>> 0 === number && layout !== SHARED_LAYOUT && layout > 0 && layout <= MOST_LAYOUTS;
}

/** The words of one era, in mapped memory or, for a test, in any other. Arguments and results are unsigned. */
export class SharedWords {
  /** What the shards hold. */
  readonly totals: TotalsWords;
  readonly #header: Int32Array;
  readonly #counters: BigInt64Array;
  readonly #shards: Int32Array;
  readonly #epochs: Int32Array;
  readonly #leases: Int32Array;
  readonly #accesses: Int32Array;
  readonly #generations: Int32Array;
  readonly #readers: Int32Array;

  /** `bytes` must be SHARED_LENGTH long and begin at a multiple of 8. */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset } = bytes;
    const words = (offset: number, length: number) => new Int32Array(buffer, byteOffset + offset, length);
    this.#header = words(0, 64);
    this.#counters = new BigInt64Array(buffer, byteOffset + COUNTERS_OFFSET, COUNTERS);
    this.#shards = words(SHARDS_OFFSET, SHARDS * WORDS_PER_SHARD);
    const bytesOfShards = new BigInt64Array(buffer, byteOffset + SHARDS_OFFSET, (SHARDS * WORDS_PER_SHARD) / 2);
    this.totals = new TotalsWords(this.#header, this.#shards, bytesOfShards);
    this.#epochs = words(EPOCHS_OFFSET, SLOTS);
    this.#leases = words(LEASES_OFFSET, SLOTS);
    this.#accesses = words(ACCESSES_OFFSET, SLOTS);
    this.#generations = words(GENERATIONS_OFFSET, GENERATIONS);
    this.#readers = words(READERS_OFFSET, SLOTS);
  }

  /** Fills the words of an era that is being built. No other process sees them yet. */
  initialise(era: number, bootId: Buffer, blockBytes: number): void {
    this.#epochs.fill(2);
    // They begin at the era's number, so that the generations of one era are not current in another.
    this.#generations.fill(era);
    for (let word = 0; word < BOOT_WORDS; word += 1) this.#header[BOOT + word] = bootId.readInt32LE(4 * word);
    this.#header[LAYOUT] = SHARED_LAYOUT;
    this.#header[BLOCK_BYTES] = blockBytes;
    Atomics.store(this.#header, ERA, era | 0);
  }

  /** The era's number; 0 once it has ended. */
  get era(): number {
    return Atomics.load(this.#header, ERA) >>> 0;
  }

  get layout(): number {
    return Atomics.load(this.#header, LAYOUT);
  }

  /** The file system's block size when the era was built. All processes must round by the same. */
  get blockBytes(): number {
    return Atomics.load(this.#header, BLOCK_BYTES);
  }

  /** Ends the era for ever: no process stores a number again. */
  endEra(): void {
    Atomics.store(this.#header, ERA, 0);
  }

  /**
   * Runs `prepare` if no process has done so since the machine was started, and notes it afterwards. Processes that
   * open an era at the same moment may each run it.
   */
  noteBoot(bootId: Buffer, prepare: () => void): void {
    const wanted = Array.from({ length: BOOT_WORDS }, (_, word) => bootId.readInt32LE(4 * word));
    if (wanted.every((value, word) => Atomics.load(this.#header, BOOT + word) === value)) return;
    prepare();
    wanted.forEach((value, word) => {
      Atomics.store(this.#header, BOOT + word, value);
    });
  }

  epoch(slot: number): number {
    return Atomics.load(this.#epochs, slot) >>> 0;
  }

  setEpoch(slot: number, epoch: number): void {
    Atomics.store(this.#epochs, slot, epoch | 0);
  }

  lease(slot: number): number {
    return Atomics.load(this.#leases, slot) >>> 0;
  }

  setLease(slot: number, mark: number): void {
    Atomics.store(this.#leases, slot, mark | 0);
  }

  /** The coarse time of the last access to a slot. */
  access(slot: number): number {
    return Atomics.load(this.#accesses, slot) >>> 0;
  }

  /** Stores the time only if it has changed: a store takes the cache line from the other processors. */
  touch(slot: number, time: number): void {
    if (Atomics.load(this.#accesses, slot) !== (time | 0)) Atomics.store(this.#accesses, slot, time | 0);
  }

  busy(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + BUSY) >>> 0;
  }

  setBusy(shard: number, busy: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + BUSY, busy | 0);
  }

  /**
   * Until when (milliseconds of the monotonic clock, 32 bits) a writer asks readers to hold back. 0: no writer has
   * asked.
   */
  waitingUntil(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + WAITING_UNTIL) >>> 0;
  }

  setWaitingUntil(shard: number, time: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + WAITING_UNTIL, time | 0);
  }

  /** Whether the totals of this shard may be wrong until a recount. */
  needsRecount(shard: number): boolean {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + RECOUNT) !== 0;
  }

  markForRecount(shard: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + RECOUNT, 1);
  }

  /** Before this time (seconds since 1970) no entry of this shard can be removed for its age. 0: no entry expires. */
  nextExpiry(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + NEXT_EXPIRY) >>> 0;
  }

  /** Inside the shard's exclusive section only. */
  setNextExpiry(shard: number, seconds: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + NEXT_EXPIRY, seconds | 0);
  }

  /**
   * The slot that the shard's recycled file was an entry of, plus 1 (recycling.ts). 0: there is no file to recycle.
   * Inside the shard's exclusive section only.
   */
  spare(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + SPARE) >>> 0;
  }

  setSpare(shard: number, spare: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + SPARE, spare | 0);
  }

  /** To be called before a file of this slot is opened for reading. Each call needs its `endReading`. */
  beginReading(slot: number): void {
    Atomics.add(this.#readers, slot, 1);
  }

  /** To be called after the file was closed or unmapped. */
  endReading(slot: number): void {
    Atomics.sub(this.#readers, slot, 1);
  }

  /**
   * Whether any process may have a file of this slot open. A reader that was killed stays counted for the rest of the
   * era. It adds 0 instead of only loading, since an atomic addition is a memory barrier. Without one, a processor that
   * reorders may let other processes see the preceding rename later than this load.
   */
  hasReaders(slot: number): boolean {
    return Atomics.add(this.#readers, slot, 0) !== 0;
  }

  generation(index: number): number {
    return Atomics.load(this.#generations, index) >>> 0;
  }

  /** Inside the section of the shard that the tag's hash names. */
  nextGeneration(index: number): void {
    Atomics.add(this.#generations, index, 1);
  }

  counter(index: number): number {
    return Number(Atomics.load(this.#counters, index));
  }

  addToCounter(index: number, amount: number): void {
    Atomics.add(this.#counters, index, BigInt(amount));
  }
}
