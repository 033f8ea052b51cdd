import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { assertMapSupported, mapShared } from '../../os/mmap.js';
import { LATENCY_BUCKETS, latencyBucket } from './latency.js';

/**
 * What a process counts, in the order of the words of its slot. `updates`: increments of the counter file that
 * returned.
 */
export const COUNTS = ['reads', 'writes', 'updates', 'empty', 'torn', 'errors'] as const;
export type Count = (typeof COUNTS)[number];
export type Totals = Record<Count, number>;

/**
 * A slot has the counts, and is padded to a cache line, so that processes do not slow each other down when they count.
 */
const HISTOGRAM_AT = 16;
const WORDS_PER_SLOT = HISTOGRAM_AT + LATENCY_BUCKETS;
const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;
const SLOT_BYTES = WORDS_PER_SLOT * WORD_BYTES;

/**
 * `mapped`: the processes share memory. `written`: each process has its own, and they share the file. Both kinds can be
 * mixed.
 */
export type Sharing = 'mapped' | 'written';

/** The words of all processes. A slot that was passed to `store` survives the death of its process. */
interface Memory {
  readonly words: Uint32Array;
  /** Fetches the counts of other processes. */
  load(): void;
  /** Publishes this process's counts of a slot. */
  store(slot: number): void;
  close(): void;
}

/**
 * Counters in shared memory: a small file, one slot for each process of the race. Each slot has one writer, so plain
 * stores are enough. Where files can be mapped, counting costs no system call; elsewhere one pwrite(2) for each
 * operation.
 */
export class Counters {
  readonly #memory: Memory;
  readonly #slots: number;

  private constructor(memory: Memory, slots: number) {
    this.#memory = memory;
    this.#slots = slots;
  }

  /**
   * Makes the file, and writes every byte of it: to store into a hole on a full disk would be SIGBUS, in the wrong
   * process.
   */
  static create(path: string, slots: number, way?: Sharing): Counters {
    writeFileSync(path, Buffer.alloc(slots * SLOT_BYTES), { flag: 'wx' });
    return Counters.open(path, slots, way);
  }

  static open(path: string, slots: number, way: Sharing = bestSharing()): Counters {
    return new Counters(openMemory(path, slots * SLOT_BYTES, way), slots);
  }

  /** The counter of one process. */
  tally(slot: number): Tally {
    return new Tally(this.#memory, slot);
  }

  /** The sum over all slots at this moment. */
  totals(): Totals {
    this.#memory.load();
    const totals: Totals = { reads: 0, writes: 0, updates: 0, empty: 0, torn: 0, errors: 0 };
    for (let slot = 0; slot < this.#slots; slot += 1) {
      COUNTS.forEach((count, index) => {
        totals[count] += this.#memory.words[slot * WORDS_PER_SLOT + index] ?? 0;
      });
    }
    return totals;
  }

  /** The latencies of some slots in one histogram. */
  latencies(slots: readonly number[]): Uint32Array {
    this.#memory.load();
    const sum = new Uint32Array(LATENCY_BUCKETS);
    for (const slot of slots) {
      const from = slot * WORDS_PER_SLOT + HISTOGRAM_AT;
      this.#memory.words.subarray(from, from + LATENCY_BUCKETS).forEach((count, bucket) => {
        sum[bucket] = (sum[bucket] ?? 0) + count;
      });
    }
    return sum;
  }

  close(): void {
    this.#memory.close();
  }
}

/** Counts for one process. After `save`, its counts outlive the process. */
export class Tally {
  readonly #memory: Memory;
  readonly #slot: number;
  readonly #own: Uint32Array;

  constructor(memory: Memory, slot: number) {
    this.#memory = memory;
    this.#slot = slot;
    this.#own = memory.words.subarray(slot * WORDS_PER_SLOT, (slot + 1) * WORDS_PER_SLOT);
    memory.load();
  }

  add(count: Count): void {
    this.#increment(COUNTS.indexOf(count));
  }

  addLatency(durationMs: number): void {
    this.#increment(HISTOGRAM_AT + latencyBucket(durationMs));
  }

  /** Publishes the counts, where the memory is not shared. */
  save(): void {
    this.#memory.store(this.#slot);
  }

  #increment(index: number): void {
    this.#own[index] = (this.#own[index] ?? 0) + 1;
  }
}

function openMemory(path: string, bytes: number, way: Sharing): Memory {
  const fd = openSync(path, 'r+');
  if (way === 'written') return writtenMemory(fd, bytes);
  try {
    return mappedMemory(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

function mappedMemory(fd: number, bytes: number): Memory {
  const mapping = mapShared(fd, bytes);
  return { words: wordsOf(mapping.bytes), load() {}, store() {}, close: () => mapping.close() };
}

function writtenMemory(fd: number, bytes: number): Memory {
  const buffer = Buffer.alloc(bytes);
  return {
    words: wordsOf(buffer),
    load: () => void readSync(fd, buffer, 0, bytes, 0),
    store: (slot) => void writeSync(fd, buffer, slot * SLOT_BYTES, SLOT_BYTES, slot * SLOT_BYTES),
    close: () => closeSync(fd),
  };
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD_BYTES);
}

function bestSharing(): Sharing {
  try {
    assertMapSupported();
    return 'mapped';
  } catch {
    return 'written';
  }
}
