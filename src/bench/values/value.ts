import { type Random, seededRandom } from '../../race/data/index.js';

/** A value that is stored. Whether it is whole can be told from itself: writer and generation determine its text. */
export interface BenchValue {
  readonly writer: number;
  readonly generation: number;
  readonly text: string;
}

/**
 * The verdict on a read. `empty`: it gave nothing, though there always was a value. `torn`: it gave anything but one
 * whole value.
 */
export type Finding = 'ok' | 'empty' | 'torn';

/** The number of different texts; generations that follow each other have different ones. */
const TEXTS = 61;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** `{"writer":12,"generation":123456,"text":""}`, roughly: the rest of a value's length is text. */
const AROUND_TEXT_BYTES = 42;
/** The shortest value there can be. */
export const SHORTEST_VALUE_BYTES = AROUND_TEXT_BYTES + 8;

/**
 * Makes the values of one process, and judges those of all. With the same seed and length, every process has the same
 * texts.
 */
export class Values {
  readonly #texts: readonly string[];
  readonly #writer: number;
  #generation = 0;

  /** `bytes`: the approximate length of a value as JSON. */
  constructor(bytes: number, seed: number, writer: number) {
    const random = seededRandom(seed, bytes);
    this.#texts = Array.from({ length: TEXTS }, () => textOf(bytes - AROUND_TEXT_BYTES, random));
    this.#writer = writer;
  }

  next(): BenchValue {
    this.#generation += 1;
    return { writer: this.#writer, generation: this.#generation, text: this.#textOf(this.#writer, this.#generation) };
  }

  judge(value: BenchValue | undefined): Finding {
    if (value === undefined || value === null) return 'empty';
    return value.text === this.#textOf(value.writer, value.generation) ? 'ok' : 'torn';
  }

  #textOf(writer: number, generation: number): string {
    return this.#texts[(writer * 7 + generation) % TEXTS] ?? '';
  }
}

function textOf(length: number, random: Random): string {
  const letters = Buffer.alloc(length);
  for (let index = 0; index < length; index += 1) letters[index] = LETTERS.charCodeAt(random() % LETTERS.length);
  return letters.toString('latin1');
}
