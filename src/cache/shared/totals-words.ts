import { SHARDS } from '../format/index.js';
import { BLOCKS, BYTES, ENTRIES, RECOUNT, SPARE, WORDS_PER_SHARD } from './shard-words.js';

/** What a shard holds, or by how much a write changes that. */
export interface ShardTotals {
  readonly entries: number;
  /** Lengths of the entry files, headers, slack and all. */
  readonly bytes: number;
  /** Blocks of the file system that these files take (blocks.ts). */
  readonly blocks: number;
}

/** What all shards together hold, as far as limits count it. */
export interface Held {
  entries: number;
  /** Blocks of the entry files. */
  blocks: number;
  /** Shards that have a spare file (recycling.ts). */
  spares: number;
  /** Shards that are marked for a recount. */
  marked: number;
}

/** Words of the header: how much has been added since the era began, modulo 2^32. */
const GROWN_ENTRIES = 7;
const GROWN_BLOCKS = 8;

/** The words of `shared` that say what each shard holds. They are changed only inside the shard's exclusive section. */
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

  /** Stores the result of a recount. */
  set(shard: number, { entries, bytes, blocks }: ShardTotals): void {
    const former = this.of(shard);
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + ENTRIES, entries);
    Atomics.store(this.#bytes, (shard * WORDS_PER_SHARD + BYTES) / 2, BigInt(bytes));
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + BLOCKS, blocks);
    Atomics.store(this.#shards, shard * WORDS_PER_SHARD + RECOUNT, 0);
    this.#noteGrowth(entries - former.entries, blocks - former.blocks);
  }

  /** What all shards hold. A thousand loads: some microseconds. */
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
   * How many entries have been added since the era began, modulo 2^32. Removals are not subtracted. Load this first,
   * then add up all shards: the sum plus the later growth is an upper bound of what they hold.
   */
  get grownEntries(): number {
    return Atomics.load(this.#header, GROWN_ENTRIES) >>> 0;
  }

  /** The same for blocks. */
  get grownBlocks(): number {
    return Atomics.load(this.#header, GROWN_BLOCKS) >>> 0;
  }

  /**
   * Called after the totals have changed. A process that adds them up in between counts the growth twice, rather than
   * not at all.
   */
  #noteGrowth(entries: number, blocks: number): void {
    if (entries > 0) Atomics.add(this.#header, GROWN_ENTRIES, entries);
    if (blocks > 0) Atomics.add(this.#header, GROWN_BLOCKS, blocks);
  }
}
