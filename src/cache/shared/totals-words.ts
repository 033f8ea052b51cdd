import { SHARDS } from '../format/index.js';
import { BLOCKS, BYTES, ENTRIES, RECOUNT, SPARE, WORDS_PER_SHARD } from './shard-words.js';

/** What a shard holds, or what a write changes in that. */
export interface ShardTotals {
  readonly entries: number;
  /** Lengths of the entry files, headers, slack and all. */
  readonly bytes: number;
  /** Blocks of the file system that these files take (blocks.ts). */
  readonly blocks: number;
}

/** All shards together, as far as limits are concerned. */
export interface Held {
  entries: number;
  /** Of entries. */
  blocks: number;
  /** Shards that have a spare file (recycling.ts). */
  spares: number;
  /** Shards whose totals are not to be believed. */
  marked: number;
}

/** Words of the header: how much has been added, modulo 2^32. */
const GROWN_ENTRIES = 7;
const GROWN_BLOCKS = 8;

/** The words of `shared` that say what each shard holds. Changed inside the shard's exclusive section only. */
export class TotalsWords {
  readonly #header: Int32Array;
  readonly #shards: Int32Array;
  readonly #bytes: BigInt64Array;

  /** `bytes`: the same memory as `shards`. */
  constructor(header: Int32Array, shards: Int32Array, bytes: BigInt64Array) {
    this.#header = header;
    this.#shards = shards;
    this.#bytes = bytes;
  }

  of(shard: number): ShardTotals {
    return {
      entries: this.entriesOf(shard),
      bytes: Number(Atomics.load(this.#bytes, (shard * WORDS_PER_SHARD + BYTES) / 2)),
      blocks: Atomics.load(this.#shards, shard * WORDS_PER_SHARD + BLOCKS),
    };
  }

  entriesOf(shard: number): number {
    return Atomics.load(this.#shards, shard * WORDS_PER_SHARD + ENTRIES);
  }

  add(shard: number, { entries, bytes, blocks }: ShardTotals): void {
    Atomics.add(this.#shards, shard * WORDS_PER_SHARD + ENTRIES, entries);
    Atomics.add(this.#bytes, (shard * WORDS_PER_SHARD + BYTES) / 2, BigInt(bytes));
    Atomics.add(this.#shards, shard * WORDS_PER_SHARD + BLOCKS, blocks);
    this.#noteGrowth(entries, blocks);
  }

  /** What a count by hand came to. */
  set(shard: number, { entries, bytes, blocks }: ShardTotals): void {
    const former = this.of(shard);
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + ENTRIES, entries);
    Atomics.store(this.#bytes, (shard * WORDS_PER_SHARD + BYTES) / 2, BigInt(bytes));
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + BLOCKS, blocks);
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + RECOUNT, 0);
    this.#noteGrowth(entries - former.entries, blocks - former.blocks);
  }

  /** All shards together. A thousand loads: some microseconds. */
  held(): Held {
    const held = { entries: 0, blocks: 0, spares: 0, marked: 0 };
    for (let word = 0; word < SHARDS * WORDS_PER_SHARD; word += WORDS_PER_SHARD) {
      held.entries += Atomics.load(this.#shards, word + ENTRIES);
      held.blocks += Atomics.load(this.#shards, word + BLOCKS);
      if (Atomics.load(this.#shards, word + SPARE) !== 0) held.spares += 1;
      if (Atomics.load(this.#shards, word + RECOUNT) !== 0) held.marked += 1;
    }
    return held;
  }

  /**
   * So many entries have been added since the era began, modulo 2^32; removals are not subtracted. Whoever loads this and then adds up
   * all shards knows later, from this alone, that they cannot hold more than so many.
   */
  get grownEntries(): number {
    return Atomics.load(this.#header, GROWN_ENTRIES) >>> 0;
  }

  /** The same for blocks. */
  get grownBlocks(): number {
    return Atomics.load(this.#header, GROWN_BLOCKS) >>> 0;
  }

  /** After the totals have changed: what is added up before that is told later, and counted twice rather than not at all. */
  #noteGrowth(entries: number, blocks: number): void {
    if (entries > 0) Atomics.add(this.#header, GROWN_ENTRIES, entries);
    if (blocks > 0) Atomics.add(this.#header, GROWN_BLOCKS, blocks);
  }
}
