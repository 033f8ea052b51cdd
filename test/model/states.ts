/**
 * A set of states of equal length, exact: no two states are taken for one because their hashes agree. All of them lie in one array, so that
 * millions fit.
 */
export class StateSet {
  readonly #length: number;
  #states: Uint8Array;
  #table = new Int32Array(1 << 16).fill(-1);
  #size = 0;

  /** `length`: bytes of a state. */
  constructor(length: number) {
    this.#length = length;
    this.#states = new Uint8Array(length << 12);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a state; its index, or -1 where it is there already. */
  add(state: Uint8Array): number {
    if (this.#size * 2 >= this.#table.length) this.#growTable();
    const place = this.#find(state);
    if (this.#table[place] !== -1) return -1;
    if ((this.#size + 1) * this.#length > this.#states.length) this.#growStates();
    this.#states.set(state, this.#size * this.#length);
    this.#table[place] = this.#size;
    this.#size += 1;
    return this.#size - 1;
  }

  /** Copies the state with this index into `target`. */
  read(index: number, target: Uint8Array): void {
    target.set(this.#states.subarray(index * this.#length, (index + 1) * this.#length));
  }

  #find(state: Uint8Array): number {
    const mask = this.#table.length - 1;
    let hash = 2_166_136_261;
    for (const byte of state) hash = Math.imul(hash ^ byte, 16_777_619);
    for (let place = (hash ^ (hash >>> 15)) & mask; ; place = (place + 1) & mask) {
      const index = this.#table[place] ?? -1;
      if (index === -1 || this.#equals(index, state)) return place;
    }
  }

  #equals(index: number, state: Uint8Array): boolean {
    const offset = index * this.#length;
    for (let byte = 0; byte < this.#length; byte += 1) if (this.#states[offset + byte] !== state[byte]) return false;
    return true;
  }

  #growStates(): void {
    const larger = new Uint8Array(this.#states.length * 2);
    larger.set(this.#states);
    this.#states = larger;
  }

  #growTable(): void {
    this.#table = new Int32Array(this.#table.length * 2).fill(-1);
    const state = new Uint8Array(this.#length);
    for (let index = 0; index < this.#size; index += 1) {
      this.read(index, state);
      this.#table[this.#find(state)] = index;
    }
  }
}
