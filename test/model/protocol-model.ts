import { type Model, Violation } from './explore.js';
import { flightProgram, type Programs, readProgram } from './protocol-programs.js';
import {
  ACTOR_LENGTH,
  ACTORS,
  type Action,
  type Actor,
  BUSY,
  CLEAN,
  CRASHES,
  DEAD,
  DISK,
  EPOCHS,
  HOLDER,
  KEPT_EPOCH,
  KEPT_VALUE,
  MARKED,
  NEIGHBOUR,
  OPERATION,
  type Operation,
  type Part,
  PLACE,
  TOTAL,
  World,
} from './protocol-world.js';

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
  const held = [0, 1, NEIGHBOUR].filter((key) => world.cell(DISK + key) !== 0).length;
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
