import { type Random, seededRandom } from '../../race/data/index.js';

/** What is stored. It tells from itself whether it is whole: writer and generation say which text belongs to it. */
export interface BenchValue {
  readonly writer: number;
  readonly generation: number;
  readonly text: string;
}

/** What a read has shown. `empty`: nothing, where there always was something. `torn`: not one value, whole. */
export type Finding = 'ok' | 'empty' | 'torn';

/** So many texts are told apart; generations that follow each other have different ones. */
const TEXTS = 61;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** `{"writer":12,"generation":123456,"text":""}`, roughly: the rest of a value's length is text. */
const AROUND_TEXT_BYTES = 42;
/** The shortest value there can be. */
export const SHORTEST_VALUE_BYTES = AROUND_TEXT_BYTES + 8;

/** Makes the values of one process, and judges those of all. The same seed and length give the same texts in every process. */
export class Values {
  readonly #texts: readonly string[];
  readonly #writer: number;
  #generation = 0;

  /** `bytes`: about how long a value is as JSON. */
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
