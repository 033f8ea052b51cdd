import type { Party, ProtocolWords } from '../../src/cache/shared/protocol.js';

/*
 * Writers and readers on one shard with two slots, one key in each, and a neighbour of the first key in its slot. What they do to the words of `shared` is done by the step functions of
 * src/cache/shared/protocol.ts, one at a time; the lock, the disk and the totals are a few cells of a state. Between any two actions
 * anybody else may go on, and anybody may die.
 */

export const EPOCHS = 0;
export const LEASES = 2;
export const BUSY = 4;
export const MARKED = 5;
export const TOTAL = 6;
/** 0: the lock is free; else the actor's number plus 1. */
export const HOLDER = 7;
/** The value that the file of a key holds; 0: there is none. A slot's number is that of its first key. */
export const DISK = 8;
export const NEIGHBOUR = 2;
export const CRASHES = 11;
export const ACTORS = 12;

export const OPERATION = 0;
export const PLACE = 1;
/** Whether nobody died in the section that was entered: the repair is passed over. */
export const CLEAN = 2;
export const EPOCH = 3;
export const SEEN_BUSY = 4;
export const VALUE = 5;
/** Of a write: how much the number of entries changes, plus 1. Of a fill: whether what it reads must not be kept. */
export const NOTE = 6;
export const KEPT_VALUE = 7;
export const KEPT_EPOCH = 8;
/**
 * Of a read: whether the value that it keeps has been current since it began. Of a flight: what became of its key since its lease,
 * one of the three below.
 */
export const GHOST = 9;
export const DEAD = 10;
export const SEEN_LEASE = 11;
export const ACTOR_LENGTH = 12;

export const UNTOUCHED = 0;
/** A set or delete has been published. */
export const OVERWRITTEN = 1;
/** A set or delete has the lock, or died with it. */
export const AT_WORK = 2;

export const ERA = 1;
export const SHARD = 0;

/**
 * What an actor does, one after the other, with the first key of a slot or with the neighbour. A flight stores its value under a lease
 * that it took before; an eviction is a delete that leaves leases alone.
 */
export type Operation =
  | { readonly kind: 'set' | 'flight'; readonly slot: 0 | 1; readonly key?: typeof NEIGHBOUR; readonly value: number }
  | { readonly kind: 'delete' | 'evict' | 'read'; readonly slot: 0 | 1; readonly key?: typeof NEIGHBOUR };

export type Part =
  | 'lock'
  | 'enter'
  | 'begin'
  | 'work'
  | 'finish'
  | 'unlock'
  | 'hit'
  | 'look'
  | 'repair'
  | 'read'
  | 'lease';

/** What comes of an action: on to the next one (`undefined`), on to a part, nothing possible now, or the end of the operation. */
export type Result = undefined | { readonly goTo: Part } | 'blocked' | 'done' | 'clean';

export interface Action {
  readonly name: string;
  readonly part: Part;
  run(actor: Actor): Result;
}

/** One process: a view of its cells. */
export class Actor implements Party {
  readonly era = ERA;
  readonly shard = SHARD;
  readonly #base: number;
  readonly #world: World;
  readonly index: number;
  readonly operations: readonly Operation[];

  constructor(world: World, index: number, operations: readonly Operation[]) {
    this.#world = world;
    this.index = index;
    this.operations = operations;
    this.#base = ACTORS + index * ACTOR_LENGTH;
  }

  get(cell: number): number {
    return this.#world.cells[this.#base + cell] ?? 0;
  }

  set(cell: number, value: number): void {
    this.#world.cells[this.#base + cell] = value;
  }

  get operation(): Operation | undefined {
    return this.operations[this.get(OPERATION)];
  }

  get slot(): number {
    return this.operation?.slot ?? 0;
  }

  get key(): number {
    return this.operation?.key ?? this.slot;
  }

  /** What a flight of this key stores as its lease. */
  get keyMark(): number {
    return this.key + 1;
  }

  get mark(): number {
    return this.operation?.kind === 'evict' ? 0 : this.keyMark;
  }

  get lease(): number {
    return this.get(SEEN_LEASE);
  }

  set lease(lease: number) {
    this.set(SEEN_LEASE, lease);
  }

  get epoch(): number {
    return this.get(EPOCH);
  }

  set epoch(epoch: number) {
    this.set(EPOCH, epoch);
  }

  get busy(): number {
    return this.get(SEEN_BUSY);
  }

  set busy(busy: number) {
    this.set(SEEN_BUSY, busy);
  }

  /** Forgets everything but what a process keeps in memory. */
  forget(): void {
    for (const cell of [PLACE, CLEAN, EPOCH, SEEN_BUSY, SEEN_LEASE, VALUE, NOTE, GHOST]) this.set(cell, 0);
  }

  forgetAll(): void {
    this.forget();
    for (const cell of [OPERATION, KEPT_VALUE, KEPT_EPOCH]) this.set(cell, 0);
  }
}

/** The present state, and everybody in it. */
export class World {
  cells: Uint8Array = new Uint8Array(0);
  readonly actors: readonly Actor[];
  readonly words: ProtocolWords = {
    era: ERA,
    busy: () => this.cell(BUSY),
    setBusy: (_shard, busy) => this.store(BUSY, busy),
    epoch: (slot) => this.cell(EPOCHS + slot),
    setEpoch: (slot, epoch) => this.store(EPOCHS + slot, epoch),
    lease: (slot) => this.cell(LEASES + slot),
    setLease: (slot, mark) => this.store(LEASES + slot, mark),
    markForRecount: () => this.store(MARKED, 1),
  };

  constructor(operations: readonly (readonly Operation[])[]) {
    this.actors = operations.map((list, index) => new Actor(this, index, list));
  }

  cell(cell: number): number {
    return this.cells[cell] ?? 0;
  }

  store(cell: number, value: number): void {
    this.cells[cell] = value;
  }

  /** Makes a value the content of a key, and tells the ghosts. */
  publish(actor: Actor, value: number): void {
    const former = this.cell(DISK + actor.key);
    actor.set(NOTE, 1 + (value === 0 ? 0 : 1) - (former === 0 ? 0 : 1));
    this.store(DISK + actor.key, value);
    for (const other of this.#othersOn(actor)) {
      if (other.operation?.kind === 'read' && other.get(KEPT_VALUE) === value) other.set(GHOST, 1);
    }
    this.#tellFlights(actor, OVERWRITTEN);
  }

  /** An actor has the lock. */
  locked(actor: Actor): void {
    this.#tellFlights(actor, AT_WORK);
  }

  #tellFlights(actor: Actor, what: number): void {
    const kind = actor.operation?.kind;
    if (kind !== 'set' && kind !== 'delete') return;
    for (const other of this.#othersOn(actor)) {
      if (other.operation?.kind === 'flight' && other.get(GHOST) !== OVERWRITTEN) other.set(GHOST, what);
    }
  }

  /** Those in the middle of an operation on the same key. */
  #othersOn(actor: Actor): Actor[] {
    return this.actors.filter((other) => other !== actor && other.key === actor.key && other.get(PLACE) !== 0);
  }
}
