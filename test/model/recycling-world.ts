import {
  LONGEST_SPARE,
  type RecyclingReader,
  type RecyclingWords,
  type RecyclingWriter,
} from '../../src/cache/shared/recycling.js';
import { Violation } from './explore.js';

/*
 * Writers, readers and those who clear up on one shard with two slots, one key in each. What they do is done by the step functions of
 * src/cache/shared/recycling.ts, one at a time; the words, the lock, the names and the files are a few cells of a state. Between any two actions
 * anybody else may go on, anybody may die, and a call of the system may fail.
 */

export const SPARE_WORD = 0;
export const READERS = 1;
/** How many died at a slot while they were counted. */
export const LEAKED = 3;
/** 0: the lock is free; else the actor's number plus 1. */
export const HOLDER = 5;
/** The number of the file at an entry's name; 0: none. */
export const ENTRIES = 6;
/** The number of the file at the name `spare`. */
export const SPARE = 8;
export const CRASHES = 9;
export const FAILURES = 10;
/** Whether something happened that may leave a file at `spare`: a holder of the lock died, a removal failed, the machine was started anew. */
export const LEFT = 11;
/** Of each file: the version that its beginning is of, and the one that what follows is of; 0: nothing follows. */
export const FILES = 12;
export const MOST_FILES = 7;
export const ACTORS = FILES + 2 * MOST_FILES;

export const OPERATION = 0;
export const PLACE = 1;
export const DEAD = 2;
export const FORMER = 3;
export const IS_READ = 4;
export const FILE = 5;
export const PUBLISHED = 6;
/** How long the file was that stood at the entry's name: an index of LENGTHS. */
export const OLD = 7;
/** The number of the file that is open here. */
export const OPEN = 8;
/** The number of the file that is mapped here. */
export const MAPPED = 9;
/** The version that was there when the file was opened to be read. */
export const SEEN = 10;
export const COUNTED = 11;
export const FAILED = 12;
export const ACTOR_LENGTH = 13;

/** Of files, in bytes: none, short, longer and still kept, not kept. */
const LENGTHS = [0, LONGEST_SPARE / 2, LONGEST_SPARE, LONGEST_SPARE + 1] as const;
export type Length = 1 | 2 | 3;

/** A call of the system that fails where the model wants it to. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

export interface Version {
  readonly slot: 0 | 1;
  readonly length: Length;
}

/**
 * What an actor does, one after the other. `value`: a number of its own for each version. `map`: a read that goes on after the file was
 * closed, where it is long. `boot`: what whoever opens the cache first does since the machine was started, under no lock.
 */
export type Operation =
  | { readonly kind: 'set'; readonly slot: 0 | 1; readonly value: number; readonly length: Length }
  | { readonly kind: 'read' | 'map' | 'delete'; readonly slot: 0 | 1 }
  | { readonly kind: 'giveUp' | 'sweep' | 'boot' };

export type Part = 'lock' | 'write' | 'abandon' | 'work' | 'unlock' | 'begin' | 'read' | 'end';

/** What comes of an action: on to the next one (`undefined`), on to a part, nothing possible now, or the end of the operation. */
export type Result = undefined | { readonly goTo: Part } | 'blocked';

export interface Action {
  readonly name: string;
  readonly part: Part;
  run(actor: Actor): Result;
}

const STATES = ['none', 'open', 'closed'] as const;
const HOW = [undefined, 'exchanged', 'renamed'] as const;

/** One process: a view of its cells, and what the system does for it. */
export class Actor implements RecyclingWriter, RecyclingReader {
  readonly shard = 0;
  readonly world: World;
  readonly index: number;
  readonly operations: readonly Operation[];
  readonly #base: number;

  constructor(world: World, index: number, operations: readonly Operation[]) {
    this.world = world;
    this.index = index;
    this.operations = operations;
    this.#base = ACTORS + index * ACTOR_LENGTH;
  }

  get(cell: number): number {
    return this.world.cells[this.#base + cell] ?? 0;
  }

  set(cell: number, value: number): void {
    this.world.cells[this.#base + cell] = value;
  }

  get operation(): Operation | undefined {
    return this.operations[this.get(OPERATION)];
  }

  get slot(): 0 | 1 {
    const { operation } = this;
    return operation !== undefined && 'slot' in operation ? operation.slot : 0;
  }

  get former(): number {
    return this.get(FORMER);
  }

  set former(former: number) {
    this.set(FORMER, former);
  }

  get isRead(): boolean {
    return this.get(IS_READ) === 1;
  }

  set isRead(isRead: boolean) {
    this.set(IS_READ, isRead ? 1 : 0);
  }

  get file(): 'none' | 'open' | 'closed' {
    return STATES[this.get(FILE)] ?? 'none';
  }

  get published(): 'exchanged' | 'renamed' | undefined {
    return HOW[this.get(PUBLISHED)];
  }

  get oldLength(): number {
    return LENGTHS[this.get(OLD)] ?? 0;
  }

  reopen(): void {
    if (this.world.fails()) return;
    if (this.world.cell(SPARE) !== 0) this.#opened();
  }

  remove(): void {
    if (this.world.fails()) this.world.store(LEFT, 1);
    else this.world.store(SPARE, 0);
  }

  make(): void {
    if (this.world.cell(SPARE) === 0) this.makeAnew();
    else this.world.touch();
  }

  clearAway(): void {
    if (this.world.fails()) {
      this.world.store(LEFT, 1);
      throw new Failure();
    }
    this.world.store(SPARE, 0);
  }

  makeAnew(): void {
    this.#throwIfFailing();
    if (this.world.cell(SPARE) !== 0) throw new Violation('a write fails');
    this.world.store(SPARE, this.world.newFile());
    this.#opened();
  }

  write(): void {
    this.#throwIfFailing();
    const file = this.#openFile();
    const { operation } = this;
    if (operation?.kind !== 'set') return;
    this.world.store(FILES + 2 * file, operation.value);
    if (operation.length > 1) this.world.store(FILES + 2 * file + 1, operation.value);
  }

  cut(): void {
    const { operation } = this;
    const file = this.#openFile();
    if (operation?.kind !== 'set' || operation.length > 1 || this.world.cell(FILES + 2 * file + 1) === 0) return;
    this.#throwIfFailing();
    this.world.store(FILES + 2 * file + 1, 0);
  }

  close(): void {
    this.#openFile();
    this.set(FILE, 2);
    this.set(OPEN, 0);
    this.#throwIfFailing();
  }

  lookAtEntry(): void {
    this.#throwIfFailing();
    this.set(OLD, this.world.lengthOf(this.world.cell(ENTRIES + this.slot)));
  }

  publish(): void {
    this.#throwIfFailing();
    const { world, slot } = this;
    const [written, old] = [world.cell(SPARE), world.cell(ENTRIES + slot)];
    const exchanges = world.exchange === 'there' && this.get(OLD) !== 0;
    if (written === 0 || (exchanges && old === 0)) throw new Violation('a write fails');
    world.store(ENTRIES + slot, written);
    world.store(SPARE, exchanges ? old : 0);
    this.set(PUBLISHED, exchanges ? 1 : 2);
  }

  openFile(): undefined {
    const file = this.world.cell(ENTRIES + this.slot);
    this.world.touch();
    this.set(OPEN, file);
    this.set(SEEN, file === 0 ? 0 : this.world.cell(FILES + 2 * file));
  }

  /** A mapping of what is long stays. */
  closeFile(): void {
    const file = this.get(OPEN);
    if (file === 0) return;
    this.world.touch();
    this.set(OPEN, 0);
    if (this.operation?.kind === 'map' && this.world.lengthOf(file) === 3) this.set(MAPPED, file);
    else this.set(SEEN, 0);
  }

  /** Forgets what belongs to one operation. */
  forget(): void {
    for (let cell = PLACE; cell < ACTOR_LENGTH; cell += 1) if (cell !== DEAD) this.set(cell, 0);
  }

  #opened(): void {
    this.world.touch();
    this.set(OPEN, this.world.cell(SPARE));
    this.set(FILE, 1);
  }

  #openFile(): number {
    if (this.get(OPEN) === 0) throw new Violation('a write fails');
    return this.get(OPEN);
  }

  #throwIfFailing(): void {
    if (this.world.fails()) throw new Failure();
  }
}

export interface WorldOptions {
  /** Whether the file system can exchange two names. */
  readonly exchange?: 'there' | 'not there';
  /** After so many the count of readers is 0 again. */
  readonly mostReaders?: number;
  /** Versions that are entries at the beginning. */
  readonly present?: readonly Version[];
}

/** Versions that are there at the beginning, and those that are written when all is over. */
const FIRST = 1;
export const LATER = 20;

/** The present state, and everybody in it. */
export class World {
  cells: Uint8Array = new Uint8Array(0);
  /** Whose turn it is. */
  current: Actor | undefined;
  /** Whether anything was loaded or stored that others see too. */
  touched = false;
  /** Whether the next call of the system is to fail. */
  failing = false;
  /** Files that were made. */
  made = 0;
  readonly exchange: 'there' | 'not there';
  readonly actors: readonly Actor[];
  readonly options: WorldOptions;
  readonly #versions = new Map<number, Version>();
  readonly #mostReaders: number;

  readonly words: RecyclingWords = {
    spare: () => this.load(SPARE_WORD),
    setSpare: (_shard, spare) => this.store(SPARE_WORD, spare),
    beginReading: (slot) => this.#count(slot, 1),
    endReading: (slot) => this.#count(slot, -1),
    hasReaders: (slot) => this.load(READERS + slot) !== 0,
  };

  constructor(operations: readonly (readonly Operation[])[], options: WorldOptions = {}) {
    this.options = options;
    this.exchange = options.exchange ?? 'there';
    this.#mostReaders = options.mostReaders ?? 256;
    this.actors = operations.map((list, index) => new Actor(this, index, list));
    for (const operation of operations.flat())
      if (operation.kind === 'set') this.#versions.set(operation.value, operation);
    options.present?.forEach((version, index) => {
      this.#versions.set(FIRST + index, version);
    });
    for (const slot of [0, 1] as const) this.#versions.set(LATER + slot, { slot, length: 1 });
  }

  initial(crashes: number, failures: number): Uint8Array {
    const cells = new Uint8Array(ACTORS + this.actors.length * ACTOR_LENGTH);
    cells[CRASHES] = crashes;
    cells[FAILURES] = failures;
    this.options.present?.forEach(({ slot, length }, index) => {
      cells[ENTRIES + slot] = index + 1;
      cells[FILES + 2 * (index + 1)] = FIRST + index;
      cells[FILES + 2 * (index + 1) + 1] = length > 1 ? FIRST + index : 0;
    });
    return cells;
  }

  cell(cell: number): number {
    return this.cells[cell] ?? 0;
  }

  load(cell: number): number {
    this.touched = true;
    return this.cell(cell);
  }

  store(cell: number, value: number): void {
    this.touched = true;
    this.cells[cell] = value;
  }

  touch(): void {
    this.touched = true;
  }

  /** Whether the call that is being made fails. */
  fails(): boolean {
    this.touched = true;
    const { failing } = this;
    this.failing = false;
    return failing;
  }

  /** Whether the key of a slot has an entry from the beginning to the end. */
  isAlwaysThere(slot: number): boolean {
    const isDeleted = (operation: Operation) => operation.kind === 'delete' && operation.slot === slot;
    return (
      this.options.present?.some((version) => version.slot === slot) === true &&
      !this.actors.some(({ operations }) => operations.some(isDeleted))
    );
  }

  /** The same world, in a copy of its state, with one more in it; the others are done. */
  followedBy(operations: readonly Operation[]): World {
    const later = new World([...this.actors.map(() => []), operations], this.options);
    for (const [value, version] of this.#versions) later.#versions.set(value, version);
    later.cells = new Uint8Array([...this.cells, ...new Array<number>(ACTOR_LENGTH).fill(0)]);
    return later;
  }

  version(value: number): Version | undefined {
    return this.#versions.get(value);
  }

  /** Of a file, as an index of LENGTHS. */
  lengthOf(file: number): number {
    if (file === 0) return 0;
    const rest = this.cell(FILES + 2 * file + 1);
    return rest === 0 ? 1 : (this.version(rest)?.length ?? 0);
  }

  /** Whether a file holds every byte of one version, and no other. */
  isWhole(file: number): boolean {
    const [value, rest] = [this.cell(FILES + 2 * file), this.cell(FILES + 2 * file + 1)];
    const version = this.version(value);
    return version !== undefined && rest === (version.length > 1 ? value : 0);
  }

  /** A number that no name and nobody who has a file open uses. */
  newFile(): number {
    this.made += 1;
    for (let file = 1; file < MOST_FILES; file += 1) if (!this.#isUsed(file)) return file;
    throw new Error('no number left for a file');
  }

  #isUsed(file: number): boolean {
    return fileCells(this.actors.length).some((cell) => this.cells[cell] === file);
  }

  #count(slot: number, difference: 1 | -1): void {
    const former = this.cell(READERS + slot);
    this.store(READERS + slot, (former + difference + this.#mostReaders) % this.#mostReaders);
    const { current } = this;
    current?.set(COUNTED, current.get(COUNTED) + difference);
  }
}

const cellsOfFiles = new Map<number, readonly number[]>();

/** The cells that hold the number of a file. */
export function fileCells(actors: number): readonly number[] {
  const known = cellsOfFiles.get(actors);
  if (known !== undefined) return known;
  const cells = [ENTRIES, ENTRIES + 1, SPARE];
  for (let index = 0; index < actors; index += 1)
    cells.push(ACTORS + index * ACTOR_LENGTH + OPEN, ACTORS + index * ACTOR_LENGTH + MAPPED);
  cellsOfFiles.set(actors, cells);
  return cells;
}
