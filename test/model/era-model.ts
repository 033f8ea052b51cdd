import { type NextEra, nextEraSteps } from '../../src/cache/eras.js';
import { type HitStep, type Party, type ProtocolWords, protocol, type Step } from '../../src/cache/protocol.js';
import { type Model, Violation } from './explore.js';

/*
 * One key, and the eras of its cache: who clears, who removes the directory, who hits, fills and writes meanwhile, and who dies of it.
 * The steps are those of src/cache/protocol.ts and src/cache/eras.ts; eras, folders, `format` and the locks are cells of a state.
 *
 * Right is what one cache without processes could have given: a read may give what was current at some instant since it began, and a
 * write that has returned is seen until something is written or the cache is emptied. After a removal by hand that holds for everybody who
 * has looked since.
 */

const ERAS = 8;
/** Cells of an era: its number in `shared` (1: there, 0: ended or never made), where its folder is, and its slot. */
const LIVE = 0;
const FOLDER = 1;
const EPOCH_WORD = 2;
const BUSY = 3;
const DISK = 4;
const SHARD_LOCK = 5;
const ERA_LENGTH = 6;

const NOWHERE = 0;
const IN_PLACE = 1;
const ASIDE = 2;

const NAMED = ERAS * ERA_LENGTH;
const FORMAT_LOCK = NAMED + 1;
const CRASHES = NAMED + 2;
const REMOVED = NAMED + 3;
/** What the cache holds, for whoever begins now. */
const CURRENT = NAMED + 4;
const ACTORS = NAMED + 5;

const OPERATION = 0;
const PLACE = 1;
const CLEAN = 2;
const EPOCH = 3;
const SEEN_BUSY = 4;
/** The era that it has open. */
const ERA = 5;
const READ_NAME = 6;
const VALUE = 7;
const KEPT_VALUE = 8;
const KEPT_EPOCH = 9;
const KEPT_ERA = 10;
/** Values that a read may give, a bit each. */
const MAY_GIVE = 11;
/** Of a write: 1 if its value was published, 2 if the cache was emptied since it began. */
const OUTCOME = 12;
/** Whether it has looked since the removal. */
const LOOKED = 13;
const DEAD = 14;
const NEXT = 15;
const ACTOR_LENGTH = 16;

export type Task =
  | { readonly kind: 'read' | 'clear' | 'remove' | 'look' }
  | { readonly kind: 'set'; readonly value: number };

type Result = undefined | 'again' | 'blocked' | 'done' | 'clean' | { readonly goTo: string };

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

export function eraPrograms(world: EraWorld): EraPrograms {
  const next = nextEra(world);
  const find: Action[] = [
    {
      name: 'read format',
      part: 'find',
      run: (actor) => {
        actor.set(READ_NAME, world.get(NAMED));
        return undefined;
      },
    },
    { name: 'open', part: 'find', run: (actor) => (open(world, actor) ? { goTo: 'found' } : undefined) },
    { name: 'lock format', part: 'find', run: (actor) => lockFormat(world, actor) },
    {
      name: 'look again',
      part: 'find',
      run: (actor) => {
        actor.set(READ_NAME, world.get(NAMED));
        return open(world, actor) ? { goTo: 'unlock format' } : undefined;
      },
    },
    ...next,
    { name: 'unlock format', part: 'unlock format', run: (actor) => unlockFormat(world, actor) },
    { name: 'found', part: 'found', run: () => ({ goTo: 'again' }) },
  ];
  return {
    read: [begin(world), ...readProgram(world), ...find, again('hit')],
    set: [begin(world), ...setProgram(world), ...find, again('lock')],
    clear: [
      { name: 'lock format', part: 'lock', run: (actor) => lockFormat(world, actor) },
      ...next,
      { name: 'unlock format', part: 'unlock', run: (actor) => unlockFormat(world, actor) },
      { name: 'cleared', part: 'done', run: () => 'done' },
    ],
    remove: [{ name: 'remove', part: 'remove', run: () => remove(world) }],
    look: [{ name: 'look', part: 'look', run: (actor) => look(world, actor) }],
  };
}

function begin(world: EraWorld): Action {
  return {
    name: 'begin',
    part: 'begin',
    run: (actor) => {
      actor.set(MAY_GIVE, 1 << world.get(CURRENT));
      return undefined;
    },
  };
}

function again(part: string): Action {
  return { name: 'again', part: 'again', run: () => ({ goTo: part }) };
}

function readProgram(world: EraWorld): Action[] {
  return [
    ...protocol.hit.map((step: HitStep) => ({
      name: step.name,
      part: 'hit',
      run: (actor: EraActor): Result => {
        const era = actor.get(KEPT_ERA);
        if (era === 0) return { goTo: 'look' };
        const outcome = step(world.words(era), { era, slot: 0, epoch: actor.get(KEPT_EPOCH) });
        return outcome === undefined ? undefined : { goTo: 'look' };
      },
    })),
    {
      name: 'answer',
      part: 'hit',
      run: (actor) => {
        give(world, actor, actor.get(KEPT_VALUE));
        return 'done';
      },
    },
    ...stepActions(world, 'look', protocol.look),
    {
      name: 'read the disk',
      part: 'read',
      run: (actor) => {
        const era = actor.get(ERA);
        const there = world.era(era, FOLDER) === IN_PLACE;
        actor.set(VALUE, there ? world.era(era, DISK) : 0);
        return undefined;
      },
    },
    ...stepActions(world, 'read', protocol.settle),
    {
      name: 'keep',
      part: 'read',
      run: (actor) => {
        const value = actor.get(VALUE);
        actor.set(KEPT_VALUE, value);
        actor.set(KEPT_EPOCH, value === 0 ? 0 : actor.get(EPOCH));
        actor.set(KEPT_ERA, value === 0 ? 0 : actor.get(ERA));
        give(world, actor, value);
        return 'done';
      },
    },
    {
      name: 'read without keeping',
      part: 'odd',
      run: (actor) => {
        // Somebody is at work, or died at it: the repair is the other model's affair.
        const era = actor.get(ERA);
        actor.set(VALUE, world.era(era, FOLDER) === IN_PLACE ? world.era(era, DISK) : 0);
        return undefined;
      },
    },
    ...stepActions(world, 'odd', protocol.settle),
    {
      name: 'give',
      part: 'odd',
      run: (actor) => {
        give(world, actor, actor.get(VALUE));
        return 'done';
      },
    },
  ];
}

function setProgram(world: EraWorld): Action[] {
  return [
    {
      name: 'lock',
      part: 'lock',
      run: (actor) => {
        const era = actor.get(ERA);
        if (world.era(era, SHARD_LOCK) !== 0) return 'blocked';
        world.setEra(era, SHARD_LOCK, actor.index + 1);
        return undefined;
      },
    },
    ...stepActions(world, 'enter', protocol.enter),
    ...stepActions(world, 'begin', protocol.begin),
    { name: 'publish', part: 'work', run: (actor) => publish(world, actor) },
    ...stepActions(world, 'finish', protocol.finish),
    {
      name: 'unlock',
      part: 'unlock',
      run: (actor) => {
        world.setEra(actor.get(ERA), SHARD_LOCK, 0);
        actor.set(CLEAN, 0);
        return actor.get(VALUE) === 0 ? { goTo: 'find' } : undefined;
      },
    },
    {
      name: 'return',
      part: 'unlock',
      run: (actor) => {
        if (actor.get(OUTCOME) === 0 && world.isBound(actor)) throw new Violation('a write is lost');
        return 'done';
      },
    },
  ];
}

/** Into the folder of the era, wherever others think the cache is. A path that fails ends the era. */
function publish(world: EraWorld, actor: EraActor): Result {
  const era = actor.get(ERA);
  const value = actor.task?.kind === 'set' ? actor.task.value : 0;
  if (world.era(era, FOLDER) !== IN_PLACE) {
    world.end(era);
    return undefined;
  }
  world.setEra(era, DISK, value);
  actor.set(VALUE, value);
  if (world.era(era, LIVE) === 1) {
    world.become(value);
    actor.set(OUTCOME, actor.get(OUTCOME) | 1);
    return undefined;
  }
  // The end of the era, which is under way, comes after this write, and after reads that see it.
  for (const other of world.actors) {
    if (other.get(PLACE) !== 0 && other.get(ERA) === era) other.set(MAY_GIVE, other.get(MAY_GIVE) | (1 << value));
  }
  return undefined;
}

function stepActions(world: EraWorld, part: string, steps: readonly Step[]): Action[] {
  return steps.map((step) => ({
    name: step.name,
    part,
    run: (actor) => {
      const outcome = step(world.words(actor.get(ERA)), actor);
      if (outcome === 'clean') return 'clean';
      if (outcome === 'odd') return { goTo: 'odd' };
      if (outcome === 'damaged') throw new Violation('damaged, though nothing was');
      if (outcome === undefined) return undefined;
      return { goTo: part === 'enter' ? 'unlock' : 'find' };
    },
  }));
}

function give(world: EraWorld, actor: EraActor, value: number): void {
  if (!world.isBound(actor) || (actor.get(MAY_GIVE) & (1 << value)) !== 0) return;
  throw new Violation(
    value === 0 ? 'a read misses what is there' : 'a read gives what was not current at any instant of it',
  );
}

/** An era is opened where its folder is in place and its number is there. */
function open(world: EraWorld, actor: EraActor): boolean {
  const era = actor.get(READ_NAME);
  if (era === 0 || world.era(era, FOLDER) !== IN_PLACE || world.era(era, LIVE) === 0) return false;
  actor.set(ERA, era);
  if (world.get(REMOVED) === 1) actor.set(LOOKED, 1);
  return true;
}

function lockFormat(world: EraWorld, actor: EraActor): Result {
  if (world.get(FORMAT_LOCK) !== 0) return 'blocked';
  world.set(FORMAT_LOCK, actor.index + 1);
  return undefined;
}

function unlockFormat(world: EraWorld, actor: EraActor): Result {
  if (world.get(FORMAT_LOCK) === actor.index + 1) world.set(FORMAT_LOCK, 0);
  return undefined;
}

function nextEra(world: EraWorld): Action[] {
  const inPlace = () => {
    for (let era = 1; era <= ERAS; era += 1) if (world.era(era, FOLDER) === IN_PLACE) return era;
    return 0;
  };
  const live = () => {
    for (let era = 1; era <= ERAS; era += 1) {
      if (world.era(era, FOLDER) === IN_PLACE && world.era(era, LIVE) === 1) return era;
    }
    return 0;
  };
  const steps = (actor: EraActor): NextEra & Record<string, () => Result> => ({
    endFound: () => {
      const era = live();
      if (era === 0) return undefined;
      world.end(era);
      return 'again';
    },
    setAside: () => {
      const era = inPlace();
      if (era === 0) return undefined;
      world.setEra(era, FOLDER, ASIDE);
      return 'again';
    },
    build: () => {
      let era = 1;
      while (era <= ERAS && world.era(era, FOLDER) !== NOWHERE) era += 1;
      if (era > ERAS) throw new Violation('eras are made without end');
      world.setEra(era, FOLDER, IN_PLACE);
      world.setEra(era, LIVE, 1);
      world.setEra(era, EPOCH_WORD, 2);
      actor.set(NEXT, era);
      return undefined;
    },
    publish: () => {
      const era = actor.get(NEXT);
      world.set(NAMED, era);
      actor.set(ERA, era);
      if (world.get(REMOVED) === 1) actor.set(LOOKED, 1);
      return undefined;
    },
  });
  return nextEraSteps.map((step) => ({ name: step, part: 'next', run: (actor) => steps(actor)[step]() as Result }));
}

/** Everything is moved away at once, `format` and its lock with it. Nobody is told. */
function remove(world: EraWorld): Result {
  for (let era = 1; era <= ERAS; era += 1) if (world.era(era, FOLDER) === IN_PLACE) world.setEra(era, FOLDER, ASIDE);
  world.set(NAMED, 0);
  world.set(REMOVED, 1);
  // Who held the lock of the old `format` holds nothing of the new one.
  world.set(FORMAT_LOCK, 0);
  world.become(0);
  return 'done';
}

/** Once a second, and after many hits: does the era still stand at its path? */
function look(world: EraWorld, actor: EraActor): Result {
  if (world.era(actor.get(ERA), FOLDER) !== IN_PLACE) world.end(actor.get(ERA));
  if (world.get(REMOVED) === 1) actor.set(LOOKED, 1);
  return 'done';
}

/** Everybody has era 1 open; it holds value 1, which the first `hitters` actors have in memory. */
export function eraModel(world: EraWorld, programs: EraPrograms, crashes: number, hitters: readonly number[]): Model {
  const initial = new Uint8Array(ACTORS + world.actors.length * ACTOR_LENGTH);
  world.cells = initial;
  world.setEra(1, LIVE, 1);
  world.setEra(1, FOLDER, IN_PLACE);
  world.setEra(1, EPOCH_WORD, 2);
  world.setEra(1, DISK, 1);
  world.set(NAMED, 1);
  world.set(CURRENT, 1);
  world.set(CRASHES, crashes);
  for (const actor of world.actors) {
    actor.set(ERA, 1);
    if (!hitters.includes(actor.index)) continue;
    actor.set(KEPT_VALUE, 1);
    actor.set(KEPT_EPOCH, 2);
    actor.set(KEPT_ERA, 1);
  }
  const on = (work: () => boolean) => (cells: Uint8Array) => {
    world.cells = cells;
    return work();
  };
  return {
    initial: initial.slice(),
    moves: world.actors.flatMap((actor) => [
      [`${actor.index} ${actor.tasks[0]?.kind}`, on(() => go(actor, programs))] as const,
      [`${actor.index} dies`, on(() => die(world, actor))] as const,
    ]),
    check: (cells, final) => {
      if (final === 'final') checkFinished(world, cells);
    },
  };
}

/** Actions that touch nothing that anybody else can see. */
const LOCAL = new Set(['refuseOdd', 'answer', 'keep', 'give', 'return', 'found', 'again', 'cleared']);

/** One action, with the local ones that follow; the beginning of a task is taken together with its first action. */
function go(actor: EraActor, programs: EraPrograms): boolean {
  const { task } = actor;
  if (task === undefined || actor.get(DEAD) === 1) return false;
  const operation = actor.get(OPERATION);
  const program = programs[task.kind];
  const nextName = () => (actor.get(OPERATION) === operation ? (program[actor.get(PLACE)]?.name ?? '') : '');
  if (nextName() === 'begin') goOnce(actor, program);
  if (!goOnce(actor, program)) return false;
  while (LOCAL.has(nextName())) goOnce(actor, program);
  return true;
}

function goOnce(actor: EraActor, program: readonly Action[]): boolean {
  const result = program[actor.get(PLACE)]?.run(actor);
  if (result === 'blocked') return false;
  if (result === 'again') return true;
  if (result === 'done') {
    actor.forget();
    actor.set(OPERATION, actor.get(OPERATION) + 1);
    return true;
  }
  if (result === 'clean') actor.set(CLEAN, 1);
  let place = actor.get(PLACE) + 1;
  if (typeof result === 'object') place = program.findIndex(({ part }) => part === result.goTo);
  while (actor.get(CLEAN) === 1 && program[place]?.part === 'enter') place += 1;
  actor.set(PLACE, place);
  return true;
}

function die(world: EraWorld, actor: EraActor): boolean {
  if (world.get(CRASHES) === 0 || actor.get(DEAD) === 1 || actor.get(PLACE) === 0) return false;
  world.set(CRASHES, world.get(CRASHES) - 1);
  if (world.get(FORMAT_LOCK) === actor.index + 1) world.set(FORMAT_LOCK, 0);
  for (let era = 1; era <= ERAS; era += 1) {
    if (world.era(era, SHARD_LOCK) === actor.index + 1) world.setEra(era, SHARD_LOCK, 0);
  }
  actor.forget();
  for (const cell of [OPERATION, ERA, KEPT_VALUE, KEPT_EPOCH, KEPT_ERA, LOOKED]) actor.set(cell, 0);
  actor.set(DEAD, 1);
  return true;
}

function checkFinished(world: EraWorld, cells: Uint8Array): void {
  world.cells = cells;
  for (const actor of world.actors) {
    if (actor.get(DEAD) === 0 && actor.task !== undefined) throw new Violation('somebody waits for ever');
  }
}
