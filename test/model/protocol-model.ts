import {
  type HitStep,
  isOdd,
  type Outcome,
  type Party,
  type ProtocolWords,
  protocol,
  type Step,
} from '../../src/cache/protocol.js';
import { type Model, Violation } from './explore.js';

/*
 * Writers and readers on one shard with two slots, one key in each. What they do to the words of `shared` is done by the step functions of
 * src/cache/protocol.ts, one at a time; the lock, the disk and the totals are a few cells of a state. Between any two actions
 * anybody else may go on, and anybody may die.
 */

const EPOCHS = 0;
const LEASES = 2;
const BUSY = 4;
const MARKED = 5;
const TOTAL = 6;
/** 0: the lock is free; else the actor's number plus 1. */
const HOLDER = 7;
/** The value that the file of a slot holds; 0: there is none. */
const DISK = 8;
const CRASHES = 10;
const ACTORS = 11;

const OPERATION = 0;
const PLACE = 1;
/** Whether nobody died in the section that was entered: the repair is passed over. */
const CLEAN = 2;
const EPOCH = 3;
const SEEN_BUSY = 4;
const VALUE = 5;
/** Of a write: how much the number of entries changes, plus 1. Of a fill: whether what it reads must not be kept. */
const NOTE = 6;
const KEPT_VALUE = 7;
const KEPT_EPOCH = 8;
/** Of a read: whether the value that it keeps has been current since it began. Of a flight: whether somebody wrote since its lease. */
const GHOST = 9;
const DEAD = 10;
const ACTOR_LENGTH = 11;

const ERA = 1;
const SHARD = 0;

/** What an actor does, one after the other. A flight stores its value under a lease that it took before. */
export type Operation =
  | { readonly kind: 'set' | 'flight'; readonly slot: 0 | 1; readonly value: number }
  | { readonly kind: 'delete' | 'read'; readonly slot: 0 | 1 };

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
type Result = undefined | { readonly goTo: Part } | 'blocked' | 'done' | 'clean';

export interface Action {
  readonly name: string;
  readonly part: Part;
  run(actor: Actor): Result;
}

/** One process: a view of its cells. */
class Actor implements Party {
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
    for (const cell of [PLACE, CLEAN, EPOCH, SEEN_BUSY, VALUE, NOTE, GHOST]) this.set(cell, 0);
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

  /** Makes a value the content of a slot, and tells the ghosts. */
  publish(actor: Actor, value: number): void {
    const slot = actor.slot;
    const former = this.cell(DISK + slot);
    actor.set(NOTE, 1 + (value === 0 ? 0 : 1) - (former === 0 ? 0 : 1));
    this.store(DISK + slot, value);
    for (const other of this.actors) {
      if (other === actor || other.slot !== slot || other.get(PLACE) === 0) continue;
      if (other.operation?.kind === 'flight') other.set(GHOST, 1);
      if (other.operation?.kind === 'read' && other.get(KEPT_VALUE) === value) other.set(GHOST, 1);
    }
  }
}

/** The lists that a test may change before the model is made. */
export interface Programs {
  readonly write: readonly Action[];
  readonly read: readonly Action[];
}

export function programs(world: World): Programs {
  return { write: writeProgram(world), read: readProgram(world) };
}

function writeProgram(world: World): Action[] {
  return [
    { name: 'lock', part: 'lock', run: (actor) => lock(world, actor) },
    ...stepActions(world, 'enter', protocol.enter),
    ...stepActions(world, 'begin', protocol.begin),
    { name: 'publish', part: 'work', run: (actor) => publish(world, actor) },
    {
      name: 'totals',
      part: 'work',
      run: (actor) => {
        world.store(TOTAL, world.cell(TOTAL) + actor.get(NOTE) - 1);
        return undefined;
      },
    },
    ...stepActions(world, 'finish', protocol.finish),
    { name: 'unlock', part: 'unlock', run: (actor) => unlock(world, actor) },
  ];
}

function readProgram(world: World): Action[] {
  return [
    ...hitActions(world),
    {
      name: 'answer',
      part: 'hit',
      run: (actor) => {
        if (actor.get(GHOST) === 0)
          throw new Violation('a hit gives a value that was not current at any instant of it');
        return 'done';
      },
    },
    ...stepActions(world, 'look', protocol.look),
    {
      name: 'read the disk',
      part: 'read',
      run: (actor) => {
        actor.set(VALUE, world.cell(DISK + actor.slot));
        return undefined;
      },
    },
    ...stepActions(world, 'read', protocol.settle),
    { name: 'keep', part: 'read', run: keep },
    {
      name: 'try the lock',
      part: 'repair',
      run: (actor) => {
        if (lock(world, actor) === undefined) return undefined;
        actor.set(NOTE, 1);
        return { goTo: 'read' };
      },
    },
    ...stepActions(world, 'enter', protocol.enter),
    {
      name: 'leave',
      part: 'repair',
      run: (actor) => {
        unlock(world, actor);
        actor.set(CLEAN, 0);
        return { goTo: 'look' };
      },
    },
  ];
}

function hitActions(world: World): Action[] {
  return protocol.hit.map((step: HitStep) => ({
    name: step.name,
    part: 'hit',
    run: (actor) => {
      if (actor.get(KEPT_EPOCH) === 0) return { goTo: 'look' };
      if (actor.get(KEPT_VALUE) === world.cell(DISK + actor.slot)) actor.set(GHOST, 1);
      const kept = { era: ERA, slot: actor.slot, epoch: actor.get(KEPT_EPOCH) };
      return step(world.words, kept) === undefined ? undefined : { goTo: 'look' };
    },
  }));
}

function stepActions(world: World, part: Part, steps: readonly Step[]): Action[] {
  return steps.map((step) => ({ name: step.name, part, run: (actor) => resultOf(step(world.words, actor)) }));
}

function resultOf(outcome: Outcome | undefined): Result {
  if (outcome === 'clean') return 'clean';
  if (outcome === 'odd') return { goTo: 'repair' };
  if (outcome !== undefined) throw new Violation(`${outcome}, though nothing was`);
  return undefined;
}

function lock(world: World, actor: Actor): Result {
  if (world.cell(HOLDER) !== 0) return 'blocked';
  world.store(HOLDER, actor.index + 1);
  return undefined;
}

/** A live holder leaves the epochs even, and nobody busy. */
function unlock(world: World, actor: Actor): Result {
  if (world.cell(HOLDER) !== actor.index + 1) return undefined;
  world.store(HOLDER, 0);
  if (isOdd(world.cell(EPOCHS)) || isOdd(world.cell(EPOCHS + 1)))
    throw new Violation('a live holder leaves an odd epoch');
  if (world.cell(BUSY) !== 0) throw new Violation('a live holder leaves the shard busy');
  return undefined;
}

function publish(world: World, actor: Actor): Result {
  const { operation } = actor;
  if (operation?.kind === 'flight' && actor.get(GHOST) === 1) {
    throw new Violation('a lease stores over a later set or delete');
  }
  world.publish(actor, operation?.kind === 'set' || operation?.kind === 'flight' ? operation.value : 0);
  return undefined;
}

function keep(actor: Actor): Result {
  const kept = actor.get(NOTE) === 0 && actor.get(VALUE) !== 0;
  actor.set(KEPT_VALUE, kept ? actor.get(VALUE) : 0);
  actor.set(KEPT_EPOCH, kept ? actor.get(EPOCH) : 0);
  return 'done';
}

/** A flight: a look under the lock, a lease, a load; then a write that asks for the lease first. */
function flightProgram(world: World, write: readonly Action[]): Action[] {
  const firstWord = write.findIndex(({ part }) => part === 'begin');
  const mark = (actor: Actor) => actor.index + 1;
  return [
    ...writeProgram(world).filter(({ part }) => part === 'lock' || part === 'enter'),
    {
      name: 'lease',
      part: 'lease',
      run: (actor) => {
        world.store(LEASES + actor.slot, mark(actor));
        actor.set(GHOST, 0);
        return undefined;
      },
    },
    {
      name: 'load',
      part: 'lease',
      run: (actor) => {
        unlock(world, actor);
        actor.set(CLEAN, 0);
        return undefined;
      },
    },
    ...write.slice(0, firstWord),
    {
      name: 'ask for the lease',
      part: 'lease',
      run: (actor) => (world.cell(LEASES + actor.slot) === mark(actor) ? undefined : { goTo: 'unlock' }),
    },
    ...write.slice(firstWord),
  ];
}

/** All that may happen to these actors. */
export function protocolModel(world: World, { write, read }: Programs, crashes: number): Model {
  const flight = flightProgram(world, write);
  const programOf = (operation: Operation) => {
    if (operation.kind === 'read') return read;
    return operation.kind === 'flight' ? flight : write;
  };
  const go = (actor: Actor): boolean => {
    const { operation } = actor;
    if (operation === undefined || actor.get(DEAD) === 1) return false;
    return act(actor, programOf(operation));
  };
  const initial = new Uint8Array(ACTORS + world.actors.length * ACTOR_LENGTH);
  initial.fill(2, EPOCHS, EPOCHS + 2);
  initial[CRASHES] = crashes;
  const on = (work: () => boolean) => (cells: Uint8Array) => {
    world.cells = cells;
    return work();
  };
  return {
    initial,
    moves: world.actors.flatMap((actor, index) => [
      [`actor ${index}`, on(() => go(actor))] as const,
      [`actor ${index} dies`, on(() => die(world, actor))] as const,
    ]),
    canonical: (cells) => orderReaders(world, cells),
    check: (cells, final) => {
      world.cells = cells;
      checkTotals(world);
      if (final === 'final') checkAtRest(world, read);
    },
  };
}

/** Actions that touch nothing that anybody else can see; here the era never changes. */
const LOCAL = new Set(['compareEra', 'refuseOdd', 'keep', 'answer']);

/** One action, and local ones that follow: whether others act, or it dies, before or after those, comes to the same. */
function act(actor: Actor, program: readonly Action[]): boolean {
  const operation = actor.get(OPERATION);
  if (!actOnce(actor, program)) return false;
  while (actor.get(OPERATION) === operation && LOCAL.has(program[actor.get(PLACE)]?.name ?? ''))
    actOnce(actor, program);
  return true;
}

function actOnce(actor: Actor, program: readonly Action[]): boolean {
  const result = program[actor.get(PLACE)]?.run(actor);
  if (result === 'blocked') return false;
  if (result === 'clean') actor.set(CLEAN, 1);
  if (result === 'done') return finish(actor);
  let place = typeof result === 'object' ? indexOf(program, result.goTo) : actor.get(PLACE) + 1;
  while (actor.get(CLEAN) === 1 && program[place]?.part === 'enter') place += 1;
  actor.set(PLACE, place);
  return place < program.length || finish(actor);
}

function indexOf(program: readonly Action[], part: Part): number {
  const index = program.findIndex((action) => action.part === part);
  return index === -1 ? program.length : index;
}

function finish(actor: Actor): boolean {
  actor.forget();
  actor.set(OPERATION, actor.get(OPERATION) + 1);
  return true;
}

/** The kernel releases the lock; all else that the process had is gone. Only who is in the middle of something leaves anything behind. */
function die(world: World, actor: Actor): boolean {
  if (world.cell(CRASHES) === 0 || actor.get(DEAD) === 1 || actor.get(PLACE) === 0) return false;
  world.store(CRASHES, world.cell(CRASHES) - 1);
  if (world.cell(HOLDER) === actor.index + 1) world.store(HOLDER, 0);
  actor.forgetAll();
  actor.set(DEAD, 1);
  return true;
}

/** Whoever finds the lock free finds totals that are right, or sees that they are not to be believed. */
function checkTotals(world: World): void {
  if (world.cell(HOLDER) !== 0 || world.cell(MARKED) === 1 || world.cell(BUSY) !== 0) return;
  const held = Number(world.cell(DISK) !== 0) + Number(world.cell(DISK + 1) !== 0);
  if (world.cell(TOTAL) !== held) throw new Violation('totals are wrong, and nothing says so');
}

const LONGEST_READ = 64;

/** Everybody has finished or died: of three reads one after the other the third is a hit, of what the disk holds. */
function checkAtRest(world: World, read: readonly Action[]): void {
  if (world.cell(HOLDER) !== 0) throw new Violation('everybody waits for a lock that is never released');
  for (const slot of [0, 1] as const) {
    const value = world.cell(DISK + slot);
    if (value === 0) continue;
    const later = new World([
      ...world.actors.map(() => []),
      [
        { kind: 'read', slot },
        { kind: 'read', slot },
        { kind: 'read', slot },
      ],
    ]);
    const reader = later.actors.at(-1);
    if (reader === undefined) return;
    later.cells = new Uint8Array([...world.cells, ...new Array<number>(ACTOR_LENGTH).fill(0)]);
    const program = rebuilt(later, read);
    let steps = 0;
    for (; reader.get(OPERATION) < 2 && steps < LONGEST_READ; steps += 1) act(reader, program);
    let hit = false;
    for (; reader.get(OPERATION) < 3 && steps < LONGEST_READ; steps += 1) {
      hit = reader.get(KEPT_EPOCH) !== 0 && program[reader.get(PLACE)]?.part === 'hit';
      act(reader, program);
    }
    if (!hit) throw new Violation('at rest, a third read does not hit');
    if (reader.get(KEPT_VALUE) !== value) throw new Violation('at rest, a read gives an old value');
  }
}

/** The same actions, in the same order, over another world. */
function rebuilt(world: World, program: readonly Action[]): Action[] {
  const actions = readProgram(world);
  return program.map(({ name, part }) => {
    const action = actions.find((candidate) => candidate.name === name && candidate.part === part);
    if (action === undefined) throw new Error(`no action ${name}`);
    return action;
  });
}

/** Two readers that have the same to do are told apart by nothing but their places. */
function orderReaders(world: World, cells: Uint8Array): void {
  const [first, second] = world.actors.slice(-2);
  if (first === undefined || second === undefined || first.operations !== second.operations) return;
  const bases = [first, second].map(({ index }) => ACTORS + index * ACTOR_LENGTH);
  const [a, b] = bases.map((base) => cells.slice(base, base + ACTOR_LENGTH));
  if (a === undefined || b === undefined || Buffer.compare(a, b) <= 0) return;
  cells.set(b, bases[0]);
  cells.set(a, bases[1]);
  const holder = cells[HOLDER];
  if (holder === first.index + 1) cells[HOLDER] = second.index + 1;
  else if (holder === second.index + 1) cells[HOLDER] = first.index + 1;
}
