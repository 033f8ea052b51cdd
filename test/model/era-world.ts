import type { Party, ProtocolWords } from '../../src/cache/shared/protocol.js';

/*
 * One key, and the eras of its cache: who clears, who removes the directory, who hits, fills and writes meanwhile, and who dies of it.
 * The steps are those of src/cache/shared/protocol.ts and src/cache/era/eras.ts; eras, folders, `format` and the locks are cells of a state.
 *
 * Right is what one cache without processes could have given: a read may give what was current at some instant since it began, and a
 * write that has returned is seen until something is written or the cache is emptied. After a removal by hand that holds for everybody who
 * has looked since.
 */

export const ERAS = 8;
/** Cells of an era: its number in `shared` (1: there, 0: ended or never made), where its folder is, and its slot. */
export const LIVE = 0;
export const FOLDER = 1;
export const EPOCH_WORD = 2;
export const BUSY = 3;
export const DISK = 4;
export const SHARD_LOCK = 5;
export const ERA_LENGTH = 6;

export const NOWHERE = 0;
export const IN_PLACE = 1;
export const ASIDE = 2;

export const NAMED = ERAS * ERA_LENGTH;
export const FORMAT_LOCK = NAMED + 1;
export const CRASHES = NAMED + 2;
export const REMOVED = NAMED + 3;
/** What the cache holds, for whoever begins now. */
export const CURRENT = NAMED + 4;
export const ACTORS = NAMED + 5;

export const OPERATION = 0;
export const PLACE = 1;
export const CLEAN = 2;
export const EPOCH = 3;
export const SEEN_BUSY = 4;
/** The era that it has open. */
export const ERA = 5;
export const READ_NAME = 6;
export const VALUE = 7;
export const KEPT_VALUE = 8;
export const KEPT_EPOCH = 9;
export const KEPT_ERA = 10;
/** Values that a read may give, a bit each. */
export const MAY_GIVE = 11;
/** Of a write: 1 if its value was published, 2 if the cache was emptied since it began. */
export const OUTCOME = 12;
/** Whether it has looked since the removal. */
export const LOOKED = 13;
export const DEAD = 14;
export const NEXT = 15;
export const ACTOR_LENGTH = 16;

export type Task =
  | { readonly kind: 'read' | 'clear' | 'remove' | 'look' }
  | { readonly kind: 'set'; readonly value: number };

export type Result = undefined | 'again' | 'blocked' | 'done' | 'clean' | { readonly goTo: string };

export interface Action {
  readonly name: string;
  readonly part: string;
  run(actor: EraActor): Result;
}

export type EraPrograms = Record<Task['kind'], readonly Action[]>;

export class EraActor implements Party {
  readonly index: number;
  readonly tasks: readonly Task[];
  readonly shard = 0;
  readonly slot = 0;
  readonly mark = 0;
  /** Leases are the business of the other model. */
  lease = 0;
  readonly #world: EraWorld;

  constructor(world: EraWorld, index: number, tasks: readonly Task[]) {
    this.#world = world;
    this.index = index;
    this.tasks = tasks;
  }

  get(cell: number): number {
    return this.#world.cells[ACTORS + this.index * ACTOR_LENGTH + cell] ?? 0;
  }

  set(cell: number, value: number): void {
    this.#world.cells[ACTORS + this.index * ACTOR_LENGTH + cell] = value;
  }

  get task(): Task | undefined {
    return this.tasks[this.get(OPERATION)];
  }

  get era(): number {
    return this.get(ERA);
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

  forget(): void {
    for (const cell of [PLACE, CLEAN, EPOCH, SEEN_BUSY, READ_NAME, VALUE, MAY_GIVE, OUTCOME, NEXT]) this.set(cell, 0);
  }
}

export class EraWorld {
  cells: Uint8Array = new Uint8Array(0);
  readonly actors: readonly EraActor[];

  constructor(tasks: readonly (readonly Task[])[]) {
    this.actors = tasks.map((list, index) => new EraActor(this, index, list));
  }

  get(cell: number): number {
    return this.cells[cell] ?? 0;
  }

  set(cell: number, value: number): void {
    this.cells[cell] = value;
  }

  /** Eras are numbered from 1. */
  era(era: number, cell: number): number {
    return this.get((era - 1) * ERA_LENGTH + cell);
  }

  setEra(era: number, cell: number, value: number): void {
    this.set((era - 1) * ERA_LENGTH + cell, value);
  }

  /** The words of one era, as whoever has it mapped sees them, wherever its folder is. */
  words(era: number): ProtocolWords {
    return {
      era: this.era(era, LIVE) === 1 ? era : 0,
      busy: () => this.era(era, BUSY),
      setBusy: (_shard, busy) => this.setEra(era, BUSY, busy),
      epoch: () => this.era(era, EPOCH_WORD),
      setEpoch: (_slot, epoch) => this.setEra(era, EPOCH_WORD, epoch),
      lease: () => 0,
      setLease: () => {},
      markForRecount: () => {},
    };
  }

  /** Ends an era; what the cache holds is nothing from now on. */
  end(era: number): void {
    if (this.era(era, LIVE) === 0) return;
    this.setEra(era, LIVE, 0);
    // After a removal a new cache stands in its place, which the end of the old one does not touch.
    if (this.get(REMOVED) === 0 || this.era(era, FOLDER) === IN_PLACE) this.become(0);
  }

  /** What the cache holds changes: reads that are under way may give the new content too. */
  become(value: number): void {
    this.set(CURRENT, value);
    for (const actor of this.actors) {
      if (actor.get(PLACE) === 0) continue;
      actor.set(MAY_GIVE, actor.get(MAY_GIVE) | (1 << value));
      if (value === 0) actor.set(OUTCOME, actor.get(OUTCOME) | 2);
    }
  }

  /** Whether what this actor sees is bound by what others do: not before it has looked after a removal. */
  isBound(actor: EraActor): boolean {
    return this.get(REMOVED) === 0 || actor.get(LOOKED) === 1;
  }
}
