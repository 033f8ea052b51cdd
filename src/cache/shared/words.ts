import { SHARDS, SLOTS } from '../format/index.js';
import { BUSY, NEXT_EXPIRY, RECOUNT, SPARE, WAITING_UNTIL, WORDS_PER_SHARD } from './shard-words.js';
import { TotalsWords } from './totals-words.js';

/*
 * The file `shared` of an era: words that every process on the cache maps. A word is 32 bits in the machine's own byte order (the
 * file never leaves the machine) and is read and written with Atomics only.
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
/** Tags share these counters by their hash: two tags on one counter are invalidated together. */
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

/** Whatever the layout, the first two words are the era's number and the layout. */
export const BEGINNING_LENGTH = 8;
/** Larger ones, and those below 1, are damage: layouts are counted. */
const MOST_LAYOUTS = 0xffff;

/** Whether these are the first bytes of an era with this number whose words another version has laid out. */
export function isOfUnknownLayout(beginning: Buffer, number: number): boolean {
  const words = new Int32Array(beginning.buffer.slice(beginning.byteOffset, beginning.byteOffset + BEGINNING_LENGTH));
  const layout = words[LAYOUT] ?? 0;
  return (words[ERA] ?? 0) >>> 0 === number && layout !== SHARED_LAYOUT && layout > 0 && layout <= MOST_LAYOUTS;
}

/** The words of one era, over mapped memory or, in a test, over any other. Unsigned numbers go in and come out. */
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

  /** Fills the words of an era that is being built. Nobody else sees them yet. */
  initialise(era: number, bootId: Buffer, blockBytes: number): void {
    this.#epochs.fill(2);
    // Not at 1: a generation of one era must not be found to be current in another.
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

  /** In what the file system gives space, as it was when the era was built: all processes must round alike. */
  get blockBytes(): number {
    return Atomics.load(this.#header, BLOCK_BYTES);
  }

  /** For ever: a number is never stored again. */
  endEra(): void {
    Atomics.store(this.#header, ERA, 0);
  }

  /**
   * Runs `prepare` the first time since the machine was started, before anybody can have seen that it was done: processes that open
   * an era at the same moment may each run it.
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

  /** Writes only where the time has changed: a store would take the cache line from every other processor. */
  touch(slot: number, time: number): void {
    if (Atomics.load(this.#accesses, slot) !== (time | 0)) Atomics.store(this.#accesses, slot, time | 0);
  }

  busy(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + BUSY) >>> 0;
  }

  setBusy(shard: number, busy: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + BUSY, busy | 0);
  }

  /** Until when (milliseconds of the monotonic clock, 32 bits of it) a writer asks readers to hold back; 0: none ever did. */
  waitingUntil(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + WAITING_UNTIL) >>> 0;
  }

  setWaitingUntil(shard: number, time: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + WAITING_UNTIL, time | 0);
  }

  /** Whether the totals of this shard are to be counted anew before they are believed. */
  needsRecount(shard: number): boolean {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + RECOUNT) !== 0;
  }

  markForRecount(shard: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + RECOUNT, 1);
  }

  /** No entry of this shard can be thrown away for its age before this time (seconds since 1970); 0: none ever. */
  nextExpiry(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + NEXT_EXPIRY) >>> 0;
  }

  /** Inside the shard's exclusive section only. */
  setNextExpiry(shard: number, seconds: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + NEXT_EXPIRY, seconds | 0);
  }

  /**
   * Which slot the shard's spare file was an entry of, plus 1 (recycling.ts); 0: there is none that may be used again. Inside the
   * shard's exclusive section only.
   */
  spare(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + SPARE) >>> 0;
  }

  setSpare(shard: number, spare: number): void {
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + SPARE, spare | 0);
  }

  /** Before a file of this slot is opened for reading. Every call has its `endReading`. */
  beginReading(slot: number): void {
    Atomics.add(this.#readers, slot, 1);
  }

  /** After it was closed, or its mapping. */
  endReading(slot: number): void {
    Atomics.sub(this.#readers, slot, 1);
  }

  /**
   * Whether anybody may have a file of this slot open. A reader that was killed is among them for the rest of the era. Adds nothing
   * instead of only loading: the rename that went before must not be seen by others after this look, on processors that reorder.
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
